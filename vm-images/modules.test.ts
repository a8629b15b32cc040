import { expect, test } from 'vitest';
import { isKept, type KernelModule, loadingOrder, moduleIndexes } from './modules.ts';

function module(name: string, depends: string[] = [], aliases: string[] = []): KernelModule {
  return { name, path: `kernel/${name}.ko`, bytes: Buffer.alloc(0), depends, aliases, soft: [] };
}

const modules = [
  module('erofs', ['libcrc32c', 'netfs'], ['fs-erofs']),
  module('netfs'),
  module('libcrc32c'),
  module('virtio_blk'),
];

test('loads dependencies first and each once', () => {
  const order = loadingOrder(['erofs', 'netfs', 'virtio-blk'], modules).map(({ name }) => name);
  expect(order).toEqual(['libcrc32c', 'netfs', 'erofs', 'virtio_blk']);
});

test('leaves out what is built into the kernel', () => {
  expect(loadingOrder(['ext4'], modules)).toEqual([]);
});

test('refuses a circle', () => {
  expect(() => loadingOrder(['a'], [module('a', ['b']), module('b', ['a'])])).toThrow('a → b → a');
});

test('writes what modprobe reads', () => {
  expect(moduleIndexes(modules)).toEqual({
    dep: 'kernel/erofs.ko: kernel/netfs.ko kernel/libcrc32c.ko\nkernel/netfs.ko:\nkernel/libcrc32c.ko:\nkernel/virtio_blk.ko:\n',
    alias: 'alias fs-erofs erofs\n',
  });
});

test('keeps what containers ask for and leaves hardware out', () => {
  expect(isKept('kernel/net/netfilter/xt_comment.ko.xz')).toBe(true);
  expect(isKept('kernel/drivers/net/veth.ko.xz')).toBe(true);
  expect(isKept('kernel/drivers/net/ethernet/intel/e1000/e1000.ko.xz')).toBe(false);
  expect(isKept('kernel/fs/ocfs2/ocfs2.ko.xz')).toBe(false);
});
