import { bindFailure } from '../ports/bind.ts';
import type { ForwardAddress, PortForward } from './driver.ts';
import type { Qmp } from './qmp.ts';

/** Published ports by QEMU's own user network: TCP and UDP on IPv4, four times SSH's throughput. */
export function hostForward(qmp: Qmp): PortForward {
  return {
    async open(forward) {
      const { protocol, desktopAddress, desktopPort, machinePort } = forward;
      checkAddress(desktopAddress);
      const answer = await qmp.human(
        `hostfwd_add net ${protocol}:${desktopAddress}:${desktopPort}-:${machinePort}`,
      );
      // Success is silent; what went wrong is text that does not say which error it was.
      if (answer.trim() !== '') throw await bindError(forward, answer.trim());
    },
    async close({ protocol, desktopAddress, desktopPort }) {
      checkAddress(desktopAddress);
      const answer = await qmp.human(`hostfwd_remove net ${protocol}:${desktopAddress}:${desktopPort}`);
      if (!answer.includes('removed')) throw new Error(answer.trim());
    },
    async list() {
      const all = parseUsernet(await qmp.human('info usernet'));
      return all.filter(({ machinePort }) => machinePort !== sshPort);
    },
  };
}

const sshPort = 22;

/** The desktop's port that leads to the machine's sshd. */
export async function forwardedSshPort(qmp: Qmp): Promise<number> {
  const forwards = parseUsernet(await qmp.human('info usernet'));
  const ssh = forwards.find(({ machinePort }) => machinePort === sshPort);
  if (!ssh) throw new Error('QEMU forwards no port to sshd');
  return ssh.desktopPort;
}

/** Reads the forwards of `info usernet`: `  TCP[HOST_FORWARD]  12  127.0.0.1  8080  10.0.2.15  80  0  0`. */
export function parseUsernet(text: string): (ForwardAddress & { machinePort: number })[] {
  return [...text.matchAll(/^\s*(TCP|UDP)\[HOST_FORWARD\]\s+\S+\s+(\S+)\s+(\d+)\s+\S+\s+(\d+)/gm)].map(
    ([, protocol, desktopAddress, desktopPort, machinePort]) => ({
      protocol: protocol === 'UDP' ? 'udp' : 'tcp',
      desktopAddress: desktopAddress as string,
      desktopPort: Number(desktopPort),
      machinePort: Number(machinePort),
    }),
  );
}

/** The address becomes part of a command line for people, so it must be nothing but one. */
function checkAddress(address: string): void {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) throw new Error(`not an IPv4 address: ${address}`);
}

/** Finds out why by binding the port ourselves. */
async function bindError(forward: ForwardAddress, answer: string): Promise<Error> {
  return (await bindFailure(forward)) ?? new Error(answer);
}
