import { readFileSync } from 'node:fs';
import { type Subnet, sizeOf } from './addresses.ts';

export interface Route {
  device: string;
  subnet: Subnet;
}

/** Routes of this machine's main table but for the default one. */
export function readRoutes(): Route[] {
  return parseRoutes(readFileSync('/proc/net/route', 'utf8'));
}

/** Format of /proc/net/route: addresses as eight hex digits in the machine's (little-endian) order. */
export function parseRoutes(text: string): Route[] {
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .map(([device = '', destination = '0', , , , , , mask = '0']) => ({
      device,
      subnet: { base: fromHex(destination), prefixLength: 32 - Math.log2(2 ** 32 - fromHex(mask)) },
    }))
    .filter(({ subnet }) => subnet.prefixLength > 0 && Number.isInteger(sizeOf(subnet.prefixLength)));
}

function fromHex(text: string): number {
  return Buffer.from(text.padStart(8, '0'), 'hex').readUInt32LE(0);
}
