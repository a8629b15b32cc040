import { dockerCli } from '../docker-clis.ts';
import { testImages } from '../images/catalogue.ts';
import { prepareDebianGuest } from './debian-guest.ts';
import { prepareCountingQemu } from './instruction-counter.ts';
import { peersTree } from './peers.ts';

/** Fetches everything that the measurement needs, while there is still a network. */
export async function prepareBench(): Promise<void> {
  peersTree();
  await dockerCli('newest');
  testImages();
  prepareCountingQemu();
  prepareDebianGuest('build/bundle', process.execPath);
}
