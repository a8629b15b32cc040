import * as z from 'zod';
import { BerthError } from '../errors.ts';
import type { HostFacts } from './bundle-request.ts';
import type { OciSeccomp } from './oci-config.ts';
import { defaultErrno, defaultRules, type ProfileRule } from './seccomp-profile.ts';

/** Names of the architectures in profiles (Go's) and in filters (libseccomp's), the machine's own first. */
const architectures = {
  x64: { go: 'amd64', filter: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
  arm64: { go: 'arm64', filter: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'] },
};

/** The part of Docker's profile files (--security-opt seccomp=) that decides something on our machines. */
const conditions = z.object({
  caps: z.array(z.string()).nullish(),
  arches: z.array(z.string()).nullish(),
  minKernel: z.string().nullish(),
});
const profileFile = z.object({
  defaultAction: z.string(),
  defaultErrnoRet: z.number().optional(),
  architectures: z.array(z.string()).nullish(),
  archMap: z
    .array(z.object({ architecture: z.string(), subArchitectures: z.array(z.string()).nullish() }))
    .nullish(),
  syscalls: z
    .array(
      z.object({
        names: z.array(z.string()).nullish(),
        name: z.string().optional(),
        action: z.string(),
        errnoRet: z.number().optional(),
        args: z
          .array(
            z.object({
              index: z.number(),
              value: z.number(),
              valueTwo: z.number().optional(),
              op: z.string(),
            }),
          )
          .nullish(),
        includes: conditions.nullish(),
        excludes: conditions.nullish(),
      }),
    )
    .nullish(),
});
type Conditions = z.infer<typeof conditions>;

interface Facts {
  host: HostFacts;
  capabilities: string[];
}

/** The default filter of a container with these capabilities. */
export function defaultSeccomp(facts: Facts): OciSeccomp {
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: defaultErrno,
    architectures: architectures[facts.host.architecture].filter,
    syscalls: defaultRules.filter((rule) => applies(rule, facts)).map(asSyscall),
  };
}

/** The filter of a profile file's text. Throws bad-parameter when it is not one. */
export function customSeccomp(text: string, facts: Facts): OciSeccomp {
  const profile = parseProfile(text);
  const own = architectures[facts.host.architecture].filter;
  const mapped = profile.archMap?.find((entry) => entry.architecture === own[0]);
  const listed = mapped ? [mapped.architecture, ...(mapped.subArchitectures ?? [])] : profile.architectures;
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: listed?.length ? listed : own.slice(0, 1),
    syscalls: (profile.syscalls ?? [])
      .filter((rule) => included(rule.includes, facts) && !excluded(rule.excludes, facts))
      .map((rule) => ({
        names: rule.names ?? (rule.name === undefined ? [] : [rule.name]),
        action: rule.action,
        ...(rule.errnoRet === undefined ? {} : { errnoRet: rule.errnoRet }),
        ...(rule.args?.length ? { args: rule.args.map(withoutUndefined) } : {}),
      })),
  };
}

function parseProfile(text: string): z.infer<typeof profileFile> {
  try {
    return profileFile.parse(JSON.parse(text));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new BerthError('bad-parameter', `Decoding seccomp profile failed: ${detail}`, {
      parameter: 'seccomp',
      value: detail,
    });
  }
}

function withoutUndefined(argument: {
  index: number;
  value: number;
  valueTwo?: number | undefined;
  op: string;
}) {
  const { valueTwo, ...rest } = argument;
  return valueTwo === undefined ? rest : { ...rest, valueTwo };
}

function asSyscall(rule: ProfileRule): OciSeccomp['syscalls'][number] {
  return {
    names: rule.names.trim().split(/\s+/),
    action: rule.errnoRet === undefined ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_ERRNO',
    ...(rule.errnoRet === undefined ? {} : { errnoRet: rule.errnoRet }),
    ...(rule.args === undefined ? {} : { args: rule.args }),
  };
}

function applies(rule: ProfileRule, { host, capabilities }: Facts): boolean {
  if (rule.architectures && !hasArchitecture(rule.architectures, host)) return false;
  if (rule.minKernel && !kernelAtLeast(host.kernel, rule.minKernel)) return false;
  if (rule.capability && !capabilities.includes(rule.capability)) return false;
  return !(rule.withoutCapability && capabilities.includes(rule.withoutCapability));
}

/** Docker's rule: every condition of `includes` must hold, and of several capabilities all. */
function included(conditions: Conditions | null | undefined, { host, capabilities }: Facts): boolean {
  if (conditions?.arches?.length && !hasArchitecture(conditions.arches, host)) return false;
  if (conditions?.minKernel && !kernelAtLeast(host.kernel, parseKernel(conditions.minKernel))) return false;
  return (conditions?.caps ?? []).every((name) => capabilities.includes(name));
}

/** Any condition of `excludes` that holds is enough. */
function excluded(conditions: Conditions | null | undefined, { host, capabilities }: Facts): boolean {
  if (conditions?.arches?.length && hasArchitecture(conditions.arches, host)) return true;
  if (conditions?.minKernel && kernelAtLeast(host.kernel, parseKernel(conditions.minKernel))) return true;
  return (conditions?.caps ?? []).some((name) => capabilities.includes(name));
}

/** Conditions name the machine's own architecture; those it runs beside it do not count, as in Docker. */
function hasArchitecture(names: string[], host: HostFacts): boolean {
  return names.includes(architectures[host.architecture].go);
}

function parseKernel(text: string): [number, number] {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  return [major, minor];
}

function kernelAtLeast(kernel: [number, number], wanted: [number, number]): boolean {
  return kernel[0] > wanted[0] || (kernel[0] === wanted[0] && kernel[1] >= wanted[1]);
}
