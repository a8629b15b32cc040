import type { Duplex } from 'node:stream';

/**
 * Joins a client's connection with its counterpart in the machine until both are done. Each direction carries its own
 * end: `docker run` half-closes its input and goes on reading, so neither end may close the other direction (which is
 * why this is no `pipeline`, which destroys both).
 *
 * When the client has gone: what it sent before its end is still delivered, the rest is dropped. When the machine's side
 * has gone: what it sent is still delivered to the client.
 */
export function splice(client: Duplex, machine: Duplex): void {
  let clientEnded = false;
  let machineFailed = false;
  client.once('end', () => {
    clientEnded = true;
  });
  client.on('error', () => undefined);
  machine.on('error', () => {
    machineFailed = true;
  });
  client.once('close', () => {
    machine.unpipe(client);
    machine.resume();
    if (clientEnded && !machine.writableFinished && !machine.destroyed) {
      machine.once('finish', () => machine.destroy());
    } else {
      machine.destroy();
    }
  });
  machine.once('close', () => {
    client.unpipe(machine);
    client.resume();
    if (machineFailed || client.writableFinished) {
      client.destroy();
      return;
    }
    client.once('finish', () => client.destroy());
    client.end();
  });
  client.pipe(machine);
  machine.pipe(client);
}
