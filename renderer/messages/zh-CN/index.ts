import type en from '../en/index.ts';
import type { Translation } from '../translation.ts';
import common from './common.ts';
import container from './container.ts';
import containers from './containers.ts';
import ending from './ending.ts';
import errors from './errors.ts';
import image from './image.ts';
import images from './images.ts';
import layers from './layers.ts';
import logs from './logs.ts';
import machine from './machine.ts';
import stats from './stats.ts';
import terminal from './terminal.ts';

const zh: Translation<typeof en> = {
  common,
  containers,
  errors,
  machine,
  logs,
  terminal,
  images,
  layers,
  container,
  image,
  ending,
  stats,
};
export default zh;
