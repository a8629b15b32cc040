import { addressBytes, formatAddress, parseAddress } from './addresses.ts';
import { boundMap, publishedMap } from './ruleset.ts';

/** One published port as an element of the table's maps. */
export interface PortElement {
  /** Of the machine; '' and 0.0.0.0 are all of its addresses. */
  hostIp: string;
  protocol: 'tcp' | 'udp';
  hostPort: number;
  /** Of the container. */
  address: number;
  containerPort: number;
}

const protocolNumbers = { tcp: 6, udp: 17 };

/** Bytes of key and value as the maps' types say: each field in network order, padded to a register's four bytes. */
export function encodeElement(element: PortElement): { map: string; key: Uint8Array; value: Uint8Array } {
  const everywhere = element.hostIp === '' || element.hostIp === '0.0.0.0';
  return {
    map: everywhere ? publishedMap : boundMap,
    key: Uint8Array.from([
      ...(everywhere ? [] : addressBytes(parseAddress(element.hostIp))),
      ...[protocolNumbers[element.protocol], 0, 0, 0],
      ...portBytes(element.hostPort),
    ]),
    value: Uint8Array.from([...addressBytes(element.address), ...portBytes(element.containerPort)]),
  };
}

function portBytes(port: number): number[] {
  return [port >>> 8, port & 255, 0, 0];
}

/** Reads what `nft -j list map` prints: elements `[{concat: [address?, protocol, port]}, {concat: [address, port]}]`. */
export function parseElements(json: string): PortElement[] {
  const { nftables } = JSON.parse(json) as { nftables: { map?: { elem?: unknown[] } }[] };
  return nftables
    .flatMap((entry) => entry.map?.elem ?? [])
    .map((element) => {
      const [key, value] = element as [{ concat: unknown[] }, { concat: unknown[] }];
      const [protocol, hostPort] = key.concat.slice(-2);
      return {
        hostIp: key.concat.length === 3 ? String(key.concat[0]) : '',
        protocol: protocol === 'udp' || protocol === protocolNumbers.udp ? 'udp' : 'tcp',
        hostPort: Number(hostPort),
        address: parseAddress(String(value.concat[0])),
        containerPort: Number(value.concat[1]),
      };
    });
}

/** For comparing: equal for elements that stand at the same place of the same map. */
export function elementPlace(element: PortElement): string {
  const host = element.hostIp === '' ? '0.0.0.0' : formatAddress(parseAddress(element.hostIp));
  return `${host} ${element.protocol} ${element.hostPort}`;
}
