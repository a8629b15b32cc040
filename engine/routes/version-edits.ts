import type { ApiVersion } from '../http/context.ts';

/**
 * The table of what older versions of the API shape differently. Answers are made in the newest shape and edited
 * here, once; a client that named no version has the newest. What an older version *does* differently (which volumes
 * a prune takes, how output is framed) stands in the route that does it.
 */

type Fields = Record<string, unknown>;

type Answer = 'container' | 'container-row' | 'image' | 'image-row' | 'info' | 'network';

interface Edit {
  /** Clients below this version get it. */
  before: string;
  of: Answer[];
  edit: (answer: Fields) => Fields;
}

/** Fields of a container that the configs of images had too; they never meant anything there. */
const containerFields = {
  Hostname: '',
  Domainname: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: '',
};

const edits: Edit[] = [
  // 1.46 gave the list a container's annotations.
  {
    before: '1.46',
    of: ['container-row'],
    edit: (row) => ({ ...row, HostConfig: { NetworkMode: (row.HostConfig as Fields).NetworkMode } }),
  },
  // 1.44 took the size apart from its second name.
  { before: '1.44', of: ['image', 'image-row'], edit: (image) => ({ ...image, VirtualSize: image.Size }) },
  // Until 1.51 containers were only counted where sizes were asked for.
  {
    before: '1.51',
    of: ['image-row'],
    edit: (row) => (row.SharedSize === -1 ? { ...row, Containers: -1 } : row),
  },
  // 1.50 dropped the fields of a container from the configs of images.
  {
    before: '1.50',
    of: ['image'],
    edit: (image) => ({ ...image, Config: { ...containerFields, ...(image.Config as Fields) } }),
  },
  // 1.45 dropped the container and the config that an image was once committed of.
  {
    before: '1.45',
    of: ['image'],
    edit: (image) => ({
      ...image,
      Container: '',
      ContainerConfig: { ...containerFields, User: '', Env: null, Cmd: null, Labels: null },
    }),
  },
  // Until 1.45 the short id stood among the aliases.
  {
    before: '1.45',
    of: ['container'],
    edit: (answer) =>
      editEndpoints(answer, (endpoint) => {
        const isNamed = Array.isArray(endpoint.DNSNames);
        const short = String(answer.Id).slice(0, 12);
        return isNamed
          ? { ...endpoint, Aliases: [...((endpoint.Aliases as string[] | null) ?? []), short] }
          : endpoint;
      }),
  },
  // Until 1.44 the first network's address stood in the config too.
  {
    before: '1.44',
    of: ['container'],
    edit: (answer) => ({
      ...answer,
      Config: {
        ...(answer.Config as Fields),
        MacAddress: (answer.NetworkSettings as Fields).MacAddress,
      },
    }),
  },
  // 1.44 gave endpoints their names, 1.48 their priority.
  { before: '1.44', of: ['container', 'container-row'], edit: withoutOfEndpoints('DNSNames') },
  { before: '1.48', of: ['container', 'container-row'], edit: withoutOfEndpoints('GwPriority') },
  { before: '1.48', of: ['network'], edit: without('EnableIPv4') },
  { before: '1.44', of: ['info'], edit: without('CDISpecDirs') },
  { before: '1.49', of: ['info'], edit: without('FirewallBackend') },
  // 1.50 dropped two facts about iptables, which had long been said as false.
  {
    before: '1.50',
    of: ['info'],
    edit: (info) => ({ ...info, BridgeNfIptables: false, BridgeNfIp6tables: false }),
  },
];

/** An answer in the shape of the client's version. */
export function inVersion(of: Answer, answer: object, version: ApiVersion): object {
  let edited = answer as Fields;
  for (const row of edits) {
    if (row.of.includes(of) && !version.atLeast(row.before)) edited = row.edit(edited);
  }
  return edited;
}

function without(name: string): Edit['edit'] {
  return ({ [name]: _dropped, ...rest }) => rest;
}

function withoutOfEndpoints(name: string): Edit['edit'] {
  return (answer) => editEndpoints(answer, without(name));
}

function editEndpoints(answer: Fields, edit: Edit['edit']): Fields {
  const settings = answer.NetworkSettings as { Networks: Record<string, Fields> };
  const networks = Object.entries(settings.Networks).map(([network, endpoint]) => [network, edit(endpoint)]);
  return { ...answer, NetworkSettings: { ...settings, Networks: Object.fromEntries(networks) } };
}
