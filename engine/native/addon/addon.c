/* Entry point: fills the exports. */
#include "addon.h"

static napi_value init(napi_env env, napi_value exports)
{
    process_register(env, exports);
    files_register(env, exports);
    hangup_register(env, exports);
    seqpacket_register(env, exports);
    network_register(env, exports);
    nft_register(env, exports);
    ports_register(env, exports);
    resolver_register(env, exports);
    return exports;
}

NAPI_MODULE(berth, init)
