export { TerminalDock as default } from './dock.tsx';
