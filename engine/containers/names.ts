import { randomInt } from 'node:crypto';
import { BerthError } from '../errors.ts';

const adjectives = (
  'able amber ample apt bold brave breezy bright brisk calm candid clear clever coastal cool cosy crisp curious ' +
  'daring deep eager early easy even fair fond free fresh gentle glad golden good grand great green handy happy ' +
  'hardy honest humble idle jolly keen kind lively loyal lucid lucky mellow merry mild modest neat noble nimble ' +
  'open patient placid plain polite proud quick quiet ready rosy serene sharp shiny silver simple sleek smart ' +
  'snug sober solid spry steady still stout sunny sure swift tender tidy trim true trusty vivid warm wise witty'
).split(' ');

const boats = (
  'barge bark brig brigantine buoy canoe caravel catboat catamaran clipper cog coracle cutter dhow dinghy dory ' +
  'ferry felucca frigate galleon galley gig gondola hoy hulk junk kayak keel ketch launch lighter lugger lifeboat ' +
  'mast mooring oar packet pilot pinnace polacca pontoon proa punt raft rudder sampan schooner scow sculler ' +
  'shallop skiff sloop smack steamer tender trawler trimaran trireme tug wherry windjammer xebec yacht yawl'
).split(' ');

const pick = (words: string[]) => words[randomInt(words.length)] ?? 'berth';

/** A name for a container without one, free by `taken`. */
export function randomName(taken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt += 1) {
    const name = `${pick(adjectives)}_${pick(boats)}${attempt < 6 ? '' : randomInt(1000)}`;
    if (!taken(name)) return name;
  }
}

/** Docker's rule for names of containers and volumes. */
const allowed = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Checks a container's name as given by a request (a leading slash is dropped); throws bad-name in Docker's words. */
export function checkContainerName(given: string): string {
  const name = given.replace(/^\//, '');
  if (allowed.test(name)) return name;
  throw new BerthError(
    'bad-name',
    `Invalid container name (${given}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    { name: given },
  );
}
