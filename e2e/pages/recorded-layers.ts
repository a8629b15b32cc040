import type { ImageSummary } from '../../engine/api/images.ts';
import type { EntryMark, ImageLayers, LayerSummary, TreeEntry, TreePage } from '../../engine/api/layers.ts';
import { id } from './recorded.ts';

/** Layers of the recorded images and the files in them; bases are the same bytes in every image that has them. */

interface Node {
  name: string;
  sizeBytes: number;
  mark: EntryMark;
  layer: number;
  hiddenBy?: number;
  /** Of a directory. */
  children?: Node[];
}

interface RecordedLayer {
  command: string;
  /** Of the layer's contents; a metadata step has none. */
  diffId: string | null;
  sizeBytes: number;
  added?: number;
  tree?: Node[];
}

type Entry = [name: string, sizeOrChildren: number | Entry[], more?: { mark?: EntryMark; hiddenBy?: number }];

function nodes(layer: number, entries: readonly Entry[]): Node[] {
  return entries.map(([name, content, more = {}]) => {
    const children = Array.isArray(content) ? nodes(layer, content) : undefined;
    const sizeBytes = children ? children.reduce((sum, child) => sum + child.sizeBytes, 0) : Number(content);
    return { name, sizeBytes, mark: 'added', layer, ...(children ? { children } : {}), ...more };
  });
}

const MB = 1e6;
const removed = { mark: 'removed' as const };
const changed = { mark: 'changed' as const };

/** The application image of the mock-ups, whose build leaves much behind. */
function applicationLayers(): RecordedLayer[] {
  const gone = { hiddenBy: 9 };
  const modules: Entry[] = [
    [
      'typescript',
      [
        [
          'lib',
          [
            ['typescript.js', 9.4 * MB, gone],
            ['_tsc.js', 6.3 * MB, gone],
            ['lib.dom.d.ts', 48.4 * MB, gone],
          ],
          gone,
        ],
      ],
      gone,
    ],
    ['@swc', [['core', [['swc.linux-x64.node', 51.7 * MB, gone]], gone]], gone],
    ['playwright-core', [['lib', [['index.js', 38.2 * MB, gone]], gone]], gone],
    ['sharp', 29.4 * MB],
    ['@prisma', 24.8 * MB],
    ['date-fns', 18.9 * MB],
    ['react-dom', 7.7 * MB],
    ...Array.from({ length: 40 }, (_, index): Entry => [`module-${index}`, 1.2 * MB]),
  ];
  const trees: Entry[][] = [
    [
      [
        'usr',
        [
          [
            'bin',
            [
              ['bash', 1.2 * MB],
              ['perl', 3.8 * MB],
            ],
          ],
          ['lib', 52 * MB],
          ['share', 14 * MB],
        ],
      ],
      [
        'etc',
        [
          ['passwd', 920],
          ['hosts', 12],
        ],
      ],
      ['var', 3.7 * MB],
    ],
    [['usr', [['local', [['bin', [['node', 118.6 * MB]]]]]], changed]],
    [
      [
        'usr',
        [
          [
            'bin',
            [
              ['curl', 0.3 * MB],
              ['git', 4.1 * MB],
            ],
            changed,
          ],
          ['lib', [['x86_64-linux-gnu', 180 * MB]], changed],
        ],
        changed,
      ],
      ['var', [['lib', [['apt', 47 * MB]]]], changed],
    ],
    [],
    [
      [
        'app',
        [
          ['package.json', 2000],
          ['package-lock.json', 386_000],
        ],
      ],
    ],
    [
      [
        'app',
        [
          ['node_modules', modules],
          ['package-lock.json', 388_000, changed],
        ],
        changed,
      ],
      ['root', [['.npm', [['_logs', 1.3 * MB]]]], changed],
      ['tmp', [['npm-install.lock', 0, removed]], changed],
    ],
    [
      [
        'app',
        [
          ['.git', [['objects', 23.1 * MB, gone]], gone],
          ['tests', [['e2e.spec.ts', 4.6 * MB, gone]], gone],
          ['src', 14.2 * MB],
        ],
        changed,
      ],
    ],
    [['app', [['dist', [['server.js', 63.7 * MB]]]], changed]],
    [
      [
        'app',
        [
          [
            'node_modules',
            [
              ['typescript', 0, removed],
              ['@swc', 0, removed],
              ['playwright-core', 0, removed],
            ],
            changed,
          ],
          ['.git', 0, removed],
          ['tests', 0, removed],
          ['dist', [['build-info.json', 200_000]], changed],
        ],
        changed,
      ],
    ],
    [],
  ];
  const commands = [
    'FROM debian:trixie-slim',
    'COPY --from=node:24-slim /usr/local /usr/local # buildkit',
    'RUN /bin/sh -c apt-get update && apt-get install -y curl git # buildkit',
    'WORKDIR /app',
    'COPY package.json package-lock.json ./ # buildkit',
    'RUN /bin/sh -c npm ci # buildkit',
    'COPY . . # buildkit',
    'RUN /bin/sh -c npm run build # buildkit',
    'RUN /bin/sh -c npm prune --omit=dev && rm -rf .git tests # buildkit',
    'CMD ["node","dist/server.js"]',
  ];
  const bases = ['debian', 'node'];
  return commands.map((command, index) => {
    const tree = nodes(index + 1, trees[index] ?? []);
    const empty = index === 3 || index === 9;
    return {
      command,
      diffId: empty ? null : `sha256:${id(bases[index] ?? `app${index}`)}`,
      sizeBytes: tree.reduce((sum, node) => sum + node.sizeBytes, 0),
      ...(index === 5 ? { added: 14_206 } : {}),
      tree,
    };
  });
}

/** Sizes of shared bases, by what an image shares. */
const bases: Record<number, { name: string; sizeBytes: number; command: string }[]> = {
  193: [
    { name: 'debian', sizeBytes: 75 * MB, command: 'FROM debian:trixie-slim' },
    { name: 'node', sizeBytes: 118 * MB, command: 'COPY --from=node:24-slim /usr/local /usr/local' },
  ],
  75: [{ name: 'debian', sizeBytes: 75 * MB, command: 'FROM debian:trixie-slim' }],
  8: [{ name: 'alpine', sizeBytes: 8 * MB, command: 'FROM alpine:3' }],
};

function ordinaryLayers(image: ImageSummary): RecordedLayer[] {
  const name = image.RepoTags[0] ?? image.Id;
  const own = image.Size - image.SharedSize;
  const shared = (bases[image.SharedSize / MB] ?? []).map(({ name: base, sizeBytes, command }, index) => ({
    command,
    diffId: `sha256:${id(base)}`,
    sizeBytes,
    tree: nodes(index + 1, [
      [
        'usr',
        [
          ['lib', sizeBytes * 0.8],
          ['bin', sizeBytes * 0.2],
        ],
      ],
    ]),
  }));
  if (own === 0) return shared;
  const number = shared.length + 1;
  return [
    ...shared,
    {
      command: 'RUN /bin/sh -c apt-get update && apt-get install -y nginx # buildkit',
      diffId: `sha256:${id(`${name} run`)}`,
      sizeBytes: own * 0.9,
      tree: nodes(number, [
        [
          'usr',
          [
            ['sbin', [['nginx', own * 0.6]]],
            ['share', own * 0.2],
          ],
          changed,
        ],
        [
          'etc',
          [
            [
              'nginx',
              [
                ['nginx.conf', 2488],
                ['mime.types', 5349],
              ],
            ],
            ['old.conf', 0, removed],
          ],
          changed,
        ],
        ['var', own * 0.1],
      ]),
    },
    {
      command: 'COPY site /usr/share/nginx/html # buildkit',
      diffId: `sha256:${id(`${name} copy`)}`,
      sizeBytes: own * 0.1,
      tree: nodes(number + 1, [['usr', [['share', [['index.html', own * 0.1]], changed]], changed]]),
    },
    { command: 'CMD ["nginx","-g","daemon off;"]', diffId: null, sizeBytes: 0 },
  ];
}

function layersOf(image: ImageSummary): RecordedLayer[] {
  return image.RepoTags[0] === 'storefront-web:dev' ? applicationLayers() : ordinaryLayers(image);
}

function count(tree: readonly Node[], wanted: (node: Node) => boolean): number {
  return tree.reduce((sum, node) => sum + (wanted(node) ? 1 : 0) + count(node.children ?? [], wanted), 0);
}

export function recordedLayers(image: ImageSummary, all: readonly ImageSummary[]): ImageLayers {
  const layers = layersOf(image);
  const others = all.filter(({ Id }) => Id !== image.Id);
  const sharers = (diffId: string) =>
    others.filter((other) => layersOf(other).some((layer) => layer.diffId === diffId));
  return {
    imageId: image.Id,
    sizeBytes: layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    uniqueBytes: layers.reduce(
      (sum, { diffId, sizeBytes }) => sum + (diffId && sharers(diffId).length === 0 ? sizeBytes : 0),
      0,
    ),
    layers: layers.map(({ command, diffId, sizeBytes, added, tree = [] }, index): LayerSummary => {
      const marked = (mark: EntryMark) => count(tree, (node) => node.mark === mark && !node.children);
      return {
        number: index + 1,
        diffId,
        command,
        createdAt: '2026-11-19T10:00:00Z',
        sizeBytes: Math.round(sizeBytes),
        files: added ?? count(tree, (node) => !node.children),
        directories: count(tree, (node) => node.children !== undefined),
        added: added ?? marked('added'),
        changed: marked('changed'),
        removed: marked('removed'),
        sharedWith: diffId ? sharers(diffId).flatMap(({ RepoTags }) => RepoTags) : [],
      };
    }),
  };
}

/** A lower tree with one layer laid over it. */
function overlay(below: readonly Node[], above: readonly Node[]): Node[] {
  const merged = new Map(below.map((node) => [node.name, { ...node, mark: 'same' as EntryMark }]));
  for (const node of above) {
    const under = merged.get(node.name);
    const children = node.children ? overlay(under?.children ?? [], node.children) : undefined;
    merged.set(node.name, {
      ...node,
      ...(children ? { children, sizeBytes: children.reduce((sum, child) => sum + child.sizeBytes, 0) } : {}),
    });
  }
  return [...merged.values()];
}

/** Whiteouts are seen in the layer that made them, not above it. */
const withoutRemoved = (tree: readonly Node[]): Node[] =>
  tree
    .filter(({ mark }) => mark !== 'removed')
    .map((node) => (node.children ? { ...node, children: withoutRemoved(node.children) } : node));

function treeEntry(node: Node): TreeEntry {
  const type = node.children ? 'directory' : node.mark === 'removed' ? 'whiteout' : 'file';
  return {
    name: { text: node.name },
    type,
    mode: type === 'directory' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    sizeBytes: Math.round(node.sizeBytes),
    mtime: 1_763_600_000,
    mark: node.mark,
    layer: node.layer,
    ...(node.hiddenBy === undefined ? {} : { hiddenBy: node.hiddenBy }),
    ...(node.children ? { childCount: node.children.length } : {}),
  };
}

/** One page of a directory, as every tree answer has it. */
export function treePage(tree: readonly Node[], query: URLSearchParams): TreePage {
  const path = query.get('path') ?? '/';
  let entries = tree;
  for (const name of path.split('/').filter(Boolean))
    entries = entries.find((node) => node.name === name)?.children ?? [];
  const bySize = query.get('sort') === 'size';
  const sorted = [...entries].sort((a, b) =>
    bySize ? b.sizeBytes - a.sizeBytes : a.name.localeCompare(b.name),
  );
  const offset = Number(query.get('offset') ?? 0);
  return {
    path: { text: path },
    entries: sorted.slice(offset, offset + Number(query.get('limit') ?? 500)).map(treeEntry),
    total: sorted.length,
    offset,
    indexBytesRead: 512,
  };
}

export function recordedTree(image: ImageSummary, layer: number): Node[] {
  return layersOf(image)[layer - 1]?.tree ?? [];
}

export function recordedMerged(image: ImageSummary, upto: number): Node[] {
  const trees = layersOf(image)
    .slice(0, upto)
    .map(({ tree = [] }) => tree);
  return trees.reduce<Node[]>((below, above) => overlay(withoutRemoved(below), above), []);
}

/** What a container has written since it was made. */
export function recordedWritable(): Node[] {
  return nodes(0, [
    ['etc', [['nginx', [['nginx.conf', 2600, changed]], changed]], changed],
    [
      'var',
      [
        ['cache', [['pages', 412_000]]],
        ['log', [['access.log', 18_400]]],
      ],
      changed,
    ],
    ['tmp', [['old.sock', 0, removed]], changed],
  ]);
}
