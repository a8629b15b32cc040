/* JavaScript values to C and back, and errors with errno names. */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void value_function(napi_env env, napi_value object, const char *name, napi_callback callback)
{
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function);
    napi_set_named_property(env, object, name, function);
}

bool value_int(napi_env env, napi_value value, int *out)
{
    if (value != NULL && napi_get_value_int32(env, value, out) == napi_ok)
        return true;
    napi_throw_type_error(env, NULL, "a number was expected");
    return false;
}

bool value_string(napi_env env, napi_value value, char *out, size_t size)
{
    size_t length;
    if (value == NULL || napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
        napi_throw_type_error(env, NULL, "a string was expected");
        return false;
    }
    if (length >= size) {
        throw_errno(env, ENAMETOOLONG, "string", NULL);
        return false;
    }
    napi_get_value_string_utf8(env, value, out, size, &length);
    return true;
}

char *value_string_copy(napi_env env, napi_value value)
{
    size_t length;
    if (value == NULL || napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
        napi_throw_type_error(env, NULL, "a string was expected");
        return NULL;
    }
    char *copy = malloc(length + 1);
    if (copy == NULL) {
        throw_errno(env, ENOMEM, "malloc", NULL);
        return NULL;
    }
    napi_get_value_string_utf8(env, value, copy, length + 1, &length);
    return copy;
}

bool value_bytes(napi_env env, napi_value value, const uint8_t **out, size_t *length)
{
    bool is_typed = false;
    napi_typedarray_type type;
    void *data = NULL;
    if (value != NULL)
        napi_is_typedarray(env, value, &is_typed);
    if (!is_typed || napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok ||
        type != napi_uint8_array) {
        napi_throw_type_error(env, NULL, "a Uint8Array was expected");
        return false;
    }
    *out = data;
    return true;
}

napi_value property(napi_env env, napi_value object, const char *name)
{
    napi_value value;
    napi_valuetype type;
    if (object == NULL || napi_typeof(env, object, &type) != napi_ok || type != napi_object)
        return NULL;
    return napi_get_named_property(env, object, name, &value) == napi_ok ? value : NULL;
}

bool property_int(napi_env env, napi_value object, const char *name, int *out)
{
    return value_int(env, property(env, object, name), out);
}

bool property_string(napi_env env, napi_value object, const char *name, char *out, size_t size)
{
    return value_string(env, property(env, object, name), out, size);
}

void set_int(napi_env env, napi_value object, const char *name, int64_t value)
{
    napi_value number;
    napi_create_int64(env, value, &number);
    napi_set_named_property(env, object, name, number);
}

napi_value undefined(napi_env env)
{
    napi_value value;
    napi_get_undefined(env, &value);
    return value;
}

const char *errno_name(int number)
{
    const char *name = strerrorname_np(number);
    return name == NULL ? "EUNKNOWN" : name;
}

napi_value errno_error(napi_env env, int number, const char *syscall, const char *detail)
{
    char text[384];
    bool has_detail = detail != NULL && detail[0] != '\0';
    snprintf(text, sizeof text, "%s: %s, %s%s%s", errno_name(number), strerror(number), syscall,
             has_detail ? " " : "", has_detail ? detail : "");
    napi_value code, message, call, error;
    napi_create_string_utf8(env, errno_name(number), NAPI_AUTO_LENGTH, &code);
    napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message);
    napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &call);
    napi_create_error(env, code, message, &error);
    napi_set_named_property(env, error, "syscall", call);
    set_int(env, error, "errno", -number);
    return error;
}

napi_value throw_errno(napi_env env, int number, const char *syscall, const char *detail)
{
    napi_throw(env, errno_error(env, number, syscall, detail));
    return NULL;
}
