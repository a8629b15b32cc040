/** The shell's own words; everything else that people read is the page's. */
const en = {
  show: 'Show Berth',
  quit: 'Quit (containers go on running)',
  view: 'View',
  go: 'Go',
  containers: 'Containers',
  images: 'Images',
  machine: 'Machine',
  start: 'Start Machine',
  stop: 'Stop Machine',
  restart: 'Restart Machine',
  window: 'Window',
  edit: 'Edit',
  file: 'File',
  phase: {
    stopped: 'Machine: stopped',
    starting: 'Machine: starting',
    running: 'Machine: running',
    degraded: 'Machine: needs attention',
    stopping: 'Machine: stopping',
    failed: 'Machine: failed',
  },
  unreachable: 'Berth’s background process is not running',
  attention: { title: 'The machine needs attention', body: 'Click to see why, and what can be done.' },
  failed: { title: 'The machine has failed', body: 'Click to see why, and what can be done.' },
};
export type Words = typeof en;

const zh: Words = {
  show: '显示 Berth',
  quit: '退出（容器继续运行）',
  view: '显示',
  go: '前往',
  containers: '容器',
  images: '镜像',
  machine: '虚拟机',
  start: '启动虚拟机',
  stop: '停止虚拟机',
  restart: '重启虚拟机',
  window: '窗口',
  edit: '编辑',
  file: '文件',
  phase: {
    stopped: '虚拟机：已停止',
    starting: '虚拟机：正在启动',
    running: '虚拟机：运行中',
    degraded: '虚拟机：需要处理',
    stopping: '虚拟机：正在停止',
    failed: '虚拟机：失败',
  },
  unreachable: 'Berth 的后台进程没有运行',
  attention: { title: '虚拟机需要处理', body: '点击查看原因和处理办法。' },
  failed: { title: '虚拟机出现故障', body: '点击查看原因和处理办法。' },
};

/** By the setting, else by the desktop's own language. */
export function wordsFor(setting: 'system' | 'en' | 'zh-CN', desktopLocale: string): Words {
  const language = setting === 'system' ? desktopLocale : setting;
  return /^zh\b/i.test(language) ? zh : en;
}
