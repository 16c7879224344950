// Line icons on a 24 x 24 grid.

const PATHS = {
  play: '<path d="M8 5.4v13.2a.6.6 0 0 0 .92.5l10.2-6.6a.6.6 0 0 0 0-1L8.92 4.9A.6.6 0 0 0 8 5.4Z" fill="currentColor" stroke="none"/>',
  pause:
    '<rect x="7" y="5" width="3.6" height="14" rx="1" fill="currentColor" stroke="none"/><rect x="13.4" y="5" width="3.6" height="14" rx="1" fill="currentColor" stroke="none"/>',
  loop: '<path d="M5 11V9.5A3.5 3.5 0 0 1 8.5 6H19"/><path d="m16 3 3 3-3 3"/><path d="M19 13v1.5a3.5 3.5 0 0 1-3.5 3.5H5"/><path d="m8 21-3-3 3-3"/>',
  pingpong: '<path d="M4 12h16"/><path d="m7.5 8.5-3.5 3.5 3.5 3.5"/><path d="m16.5 8.5 3.5 3.5-3.5 3.5"/>',
  once: '<path d="M4 12h13"/><path d="m12.5 7.5 4.5 4.5-4.5 4.5"/><path d="M20.5 6v12"/>',
  free: '<circle cx="12" cy="12" r="3.2"/><ellipse cx="12" cy="12" rx="9" ry="3.6" transform="rotate(-28 12 12)"/>',
  beside: '<rect x="3.5" y="5.5" width="7" height="13" rx="1.5"/><rect x="13.5" y="5.5" width="7" height="13" rx="1.5"/>',
  over: '<rect x="4" y="5.5" width="16" height="13" rx="1.5"/><path d="M12 3v18"/><path d="M4.5 6h7.5v12H4.5z" fill="currentColor" stroke="none" opacity=".28"/>',
  reset: '<path d="M4.5 12a7.5 7.5 0 1 0 2.4-5.5"/><path d="M4 4v4h4"/>',
  paper: '<circle cx="12" cy="12" r="7.5"/><path d="M12 4.5a7.5 7.5 0 0 1 0 15Z" fill="currentColor" stroke="none"/>',
  full: '<path d="M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5"/>',
  help: '<circle cx="12" cy="12" r="8.5"/><path d="M9.7 9.6a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1.1.9-1.1 1.7"/><path d="M12 16.6v.1"/>',
  close: '<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>',
};

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): string {
  return `<svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${PATHS[name]}</svg>`;
}
