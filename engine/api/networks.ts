import * as z from 'zod';
import { endpointConfig } from './containers.ts';

/** Body of POST /networks/create. */
export const networkCreateRequest = z.object({
  Name: z.string(),
  Driver: z.string().nullish(),
  Internal: z.boolean().nullish(),
  Attachable: z.boolean().nullish(),
  EnableIPv4: z.boolean().nullish(),
  EnableIPv6: z.boolean().nullish(),
  IPAM: z
    .object({
      Driver: z.string().nullish(),
      Config: z
        .array(
          z.object({
            Subnet: z.string().nullish(),
            IPRange: z.string().nullish(),
            Gateway: z.string().nullish(),
            AuxiliaryAddresses: z.record(z.string(), z.string()).nullish(),
          }),
        )
        .nullish(),
      Options: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
  Options: z.record(z.string(), z.string()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
});
/** Body of POST /networks/{id}/connect. */
export const networkConnectRequest = z.object({
  Container: z.string(),
  EndpointConfig: endpointConfig.nullish(),
});

/** Body of POST /networks/{id}/disconnect. */
export const networkDisconnectRequest = z.object({
  Container: z.string(),
  Force: z.boolean().nullish(),
});

export type NetworkCreateRequest = z.infer<typeof networkCreateRequest>;

/** GET /networks and /networks/{id}. */
export interface NetworkInspect {
  Name: string;
  Id: string;
  Created: string;
  Scope: 'local';
  Driver: 'bridge' | 'host' | 'null';
  EnableIPv4: boolean;
  EnableIPv6: boolean;
  IPAM: {
    Driver: string;
    Options: null;
    Config:
      | { Subnet: string; IPRange?: string; Gateway?: string; AuxiliaryAddresses?: Record<string, string> }[]
      | null;
  };
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  ConfigFrom: { Network: string };
  ConfigOnly: boolean;
  Containers: Record<
    string,
    { Name: string; EndpointID: string; MacAddress: string; IPv4Address: string; IPv6Address: string }
  >;
  Options: Record<string, string>;
  Labels: Record<string, string>;
}
