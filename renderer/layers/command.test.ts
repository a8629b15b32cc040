import { expect, test } from 'vitest';
import { layerCommand } from './command.ts';

test.each([
  ['/bin/sh -c #(nop) ADD file:abc in / ', 'ADD', 'file:abc in /'],
  ['/bin/sh -c #(nop)  CMD ["bash"]', 'CMD', '["bash"]'],
  ['/bin/sh -c apt-get update', 'RUN', 'apt-get update'],
  ['RUN /bin/sh -c npm ci # buildkit', 'RUN', 'npm ci'],
  ['RUN |1 VERSION=3 /bin/sh -c make # buildkit', 'RUN', 'make'],
  ['COPY . . # buildkit', 'COPY', '. .'],
  ['WORKDIR /app', 'WORKDIR', '/app'],
  ['', '', ''],
  ['Imported from -', '', 'Imported from -'],
])('%s', (line, keyword, text) => {
  expect(layerCommand(line)).toEqual({ keyword, text });
});
