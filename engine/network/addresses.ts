/** IPv4 addresses as unsigned numbers, and what is made from them. */

export interface Subnet {
  /** First address of the range. */
  base: number;
  prefixLength: number;
}

/** Throws for what is no dotted quad. */
export function parseAddress(text: string): number {
  const parts = text.split('.').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (parts.length !== 4 || parts.some((part) => part > 255)) throw new Error(`not an IPv4 address: ${text}`);
  return parts.reduce((value, part) => value * 256 + part, 0);
}

export function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch {
    return false;
  }
}

export function formatAddress(address: number): string {
  return addressBytes(address).join('.');
}

/** Network order. */
export function addressBytes(address: number): [number, number, number, number] {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
}

/** `172.17.0.0/16`; bits behind the prefix are cut off. Throws for what is no CIDR. */
export function parseSubnet(text: string): Subnet {
  const [address, length] = text.split('/');
  const prefixLength = /^\d{1,2}$/.test(length ?? '') ? Number(length) : 33;
  if (prefixLength > 32) throw new Error(`not an IPv4 subnet: ${text}`);
  const value = parseAddress(address!);
  return { base: value - (value % sizeOf(prefixLength)), prefixLength };
}

export function formatSubnet({ base, prefixLength }: Subnet): string {
  return `${formatAddress(base)}/${prefixLength}`;
}

/** Number of addresses. */
export function sizeOf(prefixLength: number): number {
  return 2 ** (32 - prefixLength);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + sizeOf(b.prefixLength) && b.base < a.base + sizeOf(a.prefixLength);
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.base && address < subnet.base + sizeOf(subnet.prefixLength);
}

/** A container's MAC address: Docker's rule, locally administered and made from the IPv4 address, so never twice. */
export function macOf(address: number): string {
  return [0x02, 0x42, ...addressBytes(address)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Docker's order of pools: 172.17.0.0/16 to 172.31.0.0/16, then 192.168.0.0/20 and up. */
const candidates: Subnet[] = [
  ...Array.from({ length: 15 }, (_, i) => parseSubnet(`172.${17 + i}.0.0/16`)),
  ...Array.from({ length: 16 }, (_, i) => parseSubnet(`192.168.${16 * i}.0/20`)),
];

/** The first pool that overlaps none of these; undefined when every one does. */
export function freeSubnet(taken: Subnet[]): Subnet | undefined {
  return candidates.find((candidate) => !taken.some((other) => overlaps(candidate, other)));
}
