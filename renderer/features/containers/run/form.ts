/** What the run dialog holds: texts as typed, checked by check.ts, turned into requests by request.ts. */
export interface RunForm {
  image: string;
  name: string;
  ports: PortRow[];
  volumes: VolumeRow[];
  env: EnvRow[];
  /** As docker takes it, such as 512m; empty for no limit. */
  memory: string;
  cpus: string;
  /** Empty for the default bridge. */
  network: string;
  restart: '' | 'always' | 'unless-stopped' | 'on-failure';
  command: string;
  entrypoint: string;
  workdir: string;
  user: string;
  hostname: string;
  tty: boolean;
  interactive: boolean;
  autoRemove: boolean;
  /** Options of a pasted line that have no field of their own; they are honoured and shown in the command. */
  more: { flag: string; value: string }[];
}

export interface PortRow {
  key: number;
  address: string;
  desktop: string;
  container: string;
  protocol: 'tcp' | 'udp';
}

export interface VolumeRow {
  key: number;
  source: string;
  target: string;
  readOnly: boolean;
}

export interface EnvRow {
  key: number;
  name: string;
  value: string;
}

let lastKey = 0;
/** A key for a row that can be moved and removed. */
export const newKey = (): number => ++lastKey;

export function emptyForm(image = ''): RunForm {
  return {
    image,
    name: '',
    ports: [],
    volumes: [],
    env: [],
    memory: '',
    cpus: '',
    network: '',
    restart: '',
    command: '',
    entrypoint: '',
    workdir: '',
    user: '',
    hostname: '',
    tty: false,
    interactive: false,
    autoRemove: false,
    more: [],
  };
}

/** Lines of a .env file: NAME=value, `export` and comments and quotes as the common tools read them. */
export function parseEnvLines(text: string): { name: string; value: string }[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (!match) return [];
    const [, name = '', raw = ''] = match;
    const quoted = /^(["'])(.*)\1$/.exec(raw);
    return [{ name, value: quoted ? (quoted[2] ?? '') : raw.replace(/\s+#.*$/, '') }];
  });
}

/** Values that should not stand on the screen. */
export function isSecret(name: string): boolean {
  return /pass|secret|token|key|credential|database_url|dsn/i.test(name);
}
