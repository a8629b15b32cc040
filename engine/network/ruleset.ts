import { formatAddress, formatSubnet, parseAddress, type Subnet } from './addresses.ts';
import type { DesktopAddresses } from './network.ts';

/**
 * Maps of published ports, whose elements are added one by one over netlink: `published` for ports on every address of
 * the machine, `bound` for those on one.
 */
export const publishedMap = 'published';
export const boundMap = 'bound';

/** A network of the instance, as its rules see it. One bridge does not reach the other. */
export interface RuledBridge {
  bridge: string;
  subnet: Subnet;
  internal: boolean;
}

/**
 * The nftables text that sets up an instance's table, in one transaction and as often as wanted: rules are replaced,
 * elements of the maps stay. Family inet, because its expressions are what the machine's kernel has loaded.
 *
 * - publish: destination addresses of the machine become those of containers, for packets from outside and (output)
 *   from the machine itself. Never for 127/8 from outside, which Linux lets through where route_localnet is on.
 * - postrouting: containers go out under the machine's address; packets of the machine's loopback, and of a container
 *   that calls its own published port, get the bridge's address, or the answer would not come back.
 * - forward: from outside only what was published or belongs to a connection; nobody reaches the desktop.
 * - raw: nothing from elsewhere may be addressed to a container directly, and no container to 127/8 of the machine.
 */
export function planRuleset(options: {
  table: string;
  bridges: RuledBridge[];
  guardDesktop?: DesktopAddresses | undefined;
}): string {
  const { table, bridges, guardDesktop } = options;
  const each = (rules: (bridge: string, subnet: string, internal: boolean) => string[]) =>
    bridges.flatMap(({ bridge, subnet, internal }) => rules(bridge, formatSubnet(subnet), internal));
  const chains: Record<string, string[]> = {
    publish: [
      `meta l4proto { tcp, udp } dnat ip to ip daddr . meta l4proto . th dport map @${boundMap}`,
      `meta l4proto { tcp, udp } dnat ip to meta l4proto . th dport map @${publishedMap}`,
    ],
    prerouting: [
      'iifname != "lo" ip daddr 127.0.0.0/8 return',
      'meta nfproto ipv4 fib daddr type local jump publish',
    ],
    output: ['meta nfproto ipv4 fib daddr type local jump publish'],
    postrouting: each((bridge, subnet) => [
      `oifname != "${bridge}" ip saddr ${subnet} masquerade`,
      `oifname "${bridge}" ip saddr 127.0.0.0/8 masquerade`,
      `oifname "${bridge}" ip saddr ${subnet} ct status dnat masquerade`,
    ]),
    forward: [
      ...each((bridge, _, internal) => (internal ? internalRules(bridge) : [])),
      ...each((bridge) => (guardDesktop === undefined ? [] : guardRules(bridge, guardDesktop))),
      ...each((bridge) => [
        `oifname "${bridge}" ct state established,related accept`,
        `oifname "${bridge}" iifname "${bridge}" accept`,
        `oifname "${bridge}" ct status dnat accept`,
        `oifname "${bridge}" drop`,
      ]),
    ],
    raw: each((bridge, subnet) => [
      `iifname "${bridge}" ip daddr 127.0.0.0/8 drop`,
      `iifname != { "${bridge}", "lo" } ip daddr ${subnet} drop`,
    ]),
  };
  return [
    `table inet ${table} {`,
    `  map ${publishedMap} { type inet_proto . inet_service : ipv4_addr . inet_service; }`,
    `  map ${boundMap} { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }`,
    '  chain publish { }',
    ...Object.entries(hooks).map(([chain, hook]) => `  chain ${chain} { type ${hook}; policy accept; }`),
    '}',
    ...Object.keys(chains).map((chain) => `flush chain inet ${table} ${chain}`),
    `table inet ${table} {`,
    ...Object.entries(chains).flatMap(([chain, rules]) => [
      `  chain ${chain} {`,
      ...rules.map((rule) => `    ${rule}`),
      '  }',
    ]),
    '}',
    '',
  ].join('\n');
}

/** Nothing leaves an internal network, and nothing comes in. */
function internalRules(bridge: string): string[] {
  return [
    `iifname "${bridge}" oifname != "${bridge}" drop`,
    `oifname "${bridge}" iifname != "${bridge}" drop`,
  ];
}

/** The desktop may call a container, which then answers it; a container may not begin. */
function guardRules(bridge: string, { loopback, resolver }: DesktopAddresses): string[] {
  const to = (address: string) => `iifname "${bridge}" ip daddr ${formatAddress(parseAddress(address))}`;
  const refuse = 'reject with icmp type admin-prohibited';
  return [
    `${to(loopback)} ct direction reply accept`,
    `${to(loopback)} ${refuse}`,
    `${to(resolver)} meta l4proto { tcp, udp } th dport != 53 ${refuse}`,
  ];
}

const hooks = {
  prerouting: 'nat hook prerouting priority -100',
  output: 'nat hook output priority -100',
  postrouting: 'nat hook postrouting priority 100',
  forward: 'filter hook forward priority 0',
  raw: 'filter hook prerouting priority -300',
};
