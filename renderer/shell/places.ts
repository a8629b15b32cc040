import { Box, Cpu, Layers, type LucideIcon } from 'lucide-react';

export interface Place {
  path: '/containers' | '/images' | '/machine';
  /** Key of its name. */
  label: 'nav.containers' | 'nav.images' | 'nav.machine';
  icon: LucideIcon;
  /** The rail's heading that it stands under. */
  section: 'workloads' | 'system';
}

/** The rail's entries, in the order of Mod+1 to 9. Only what works stands here. */
export const places: readonly Place[] = [
  { path: '/containers', label: 'nav.containers', icon: Box, section: 'workloads' },
  { path: '/images', label: 'nav.images', icon: Layers, section: 'workloads' },
  { path: '/machine', label: 'nav.machine', icon: Cpu, section: 'system' },
];
