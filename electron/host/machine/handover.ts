import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../atomic-file.ts';
import type { HostFiles } from '../files.ts';
import { makeKeyPair } from './ssh.ts';

export interface MachineKeys {
  /** Private, in OpenSSH's form. */
  clientKey: string;
  hostKeyPublic: string;
  /** fw_cfg names and the 0600 files that hold them. */
  handover: Record<string, string>;
}

/**
 * The desktop makes both the client's key and the machine's host key, once, and hands them in before the machine's
 * first byte: neither side trusts anything on first use, and no secret stands on a command line.
 */
export function machineKeys(machine: HostFiles['machine'], hostname: string): MachineKeys {
  const client = keyPair(machine.clientKey, 'berth-client');
  const host = keyPair(machine.hostKey, 'berth-machine');
  mkdirSync(machine.handover, { recursive: true, mode: 0o700 });
  const write = (name: string, contents: string) => {
    const file = join(machine.handover, name);
    writeFileAtomic(file, contents);
    return file;
  };
  return {
    clientKey: client.private,
    hostKeyPublic: host.public,
    handover: {
      'opt/berth/authorized_keys': write('authorized_keys', `${client.public}\n`),
      'opt/berth/ssh_host_ed25519_key': write('ssh_host_ed25519_key', host.private),
      'opt/berth/settings': write('settings', `hostname=${hostname}\n`),
    },
  };
}

function keyPair(file: string, comment: string): { private: string; public: string } {
  const publicFile = `${file}.pub`;
  if (!existsSync(file) || !existsSync(publicFile)) {
    const pair = makeKeyPair(comment);
    writeFileAtomic(file, pair.private);
    writeFileAtomic(publicFile, `${pair.public}\n`);
  }
  return { private: readFileSync(file, 'utf8'), public: readFileSync(publicFile, 'utf8').trim() };
}
