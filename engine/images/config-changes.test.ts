import { describe, expect, test } from 'vitest';
import type { ImageConfig } from '../api/images.ts';
import { applyChanges } from './config-changes.ts';

const base: ImageConfig = {
  Env: ['PATH=/bin', 'A=1'],
  Labels: { old: 'x' },
  WorkingDir: '/srv',
  OnBuild: ['RUN a'],
};

const changes: [line: string, expected: Partial<ImageConfig>][] = [
  ['CMD ["a", "b c"]', { Cmd: ['a', 'b c'] }],
  ['CMD a b', { Cmd: ['/bin/sh', '-c', 'a b'] }],
  ['cmd ["x"]', { Cmd: ['x'] }],
  ['ENTRYPOINT ["/run"]', { Entrypoint: ['/run'] }],
  ['ENV B=2', { Env: ['PATH=/bin', 'A=1', 'B=2'] }],
  ['ENV A=3 B="two words" C=a\\ b', { Env: ['PATH=/bin', 'A=3', 'B=two words', 'C=a b'] }],
  ['ENV A one value', { Env: ['PATH=/bin', 'A=one value'] }],
  ['EXPOSE 80 53/udp', { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }],
  ['LABEL a=\'b\' "c d"=e', { Labels: { old: 'x', a: 'b', 'c d': 'e' } }],
  ['ONBUILD RUN b', { OnBuild: ['RUN a', 'RUN b'] }],
  ['STOPSIGNAL SIGQUIT', { StopSignal: 'SIGQUIT' }],
  ['USER 1000:1000', { User: '1000:1000' }],
  ['VOLUME ["/a", "/b"]', { Volumes: { '/a': {}, '/b': {} } }],
  ['VOLUME /a /b', { Volumes: { '/a': {}, '/b': {} } }],
  ['WORKDIR /x', { WorkingDir: '/x' }],
  ['WORKDIR below', { WorkingDir: '/srv/below' }],
];

describe('a change is', () => {
  test.each(changes)('%s', (line, expected) => {
    const before = structuredClone(base);
    expect(applyChanges(base, [line])).toEqual({ ...base, ...expected });
    expect(base).toEqual(before);
  });
});

test('changes add up in their order', () => {
  expect(applyChanges({}, ['ENV A=1', 'ENV A=2', 'CMD ["a"]', 'CMD ["b"]'])).toEqual({
    Env: ['A=2'],
    Cmd: ['b'],
  });
});

test.each([
  ['FROM x', 'from is not a valid change command'],
  ['RUN x', 'run is not a valid change command'],
  ['', ' is not a valid change command'],
  ['CMD', 'CMD is not a valid change command'],
  ['ENV A=1 B', `Syntax error - can't find = in "B"`],
])('%j is refused', (line, words) => {
  expect(() => applyChanges({}, [line])).toThrow(
    expect.objectContaining({ code: 'bad-parameter', message: words }),
  );
});
