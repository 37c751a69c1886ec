// Line icons on a 24 grid, drawn for this page. They say nothing to a screen reader: the button around them has the words.

const PATHS = {
  copy: 'M8 8h10v12H8zM6 16H4V4h12v2',
  check: 'M5 12.5 10 17.5 19.5 7',
  share: 'M12 15V4m0 0L8 8m4-4 4 4M5 13v6h14v-6',
  people: 'M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11Zm-6 8.4c.5-3.2 2.9-5 6-5s5.5 1.8 6 5M16 5a3 3 0 0 1 0 5.8M17.5 14.7c2 .6 3.2 2.2 3.5 4.7',
  back: 'M14.5 5 8 12l6.5 7',
  moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z',
  sun: 'M12 15.8a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6ZM12 3v1.8M12 19.2V21M3 12h1.8M19.2 12H21M5.6 5.6l1.3 1.3M17.1 17.1l1.3 1.3M18.4 5.6l-1.3 1.3M6.9 17.1l-1.3 1.3',
  up: 'M12 19V5m0 0-6 6m6-6 6 6',
  down: 'M12 5v14m0 0 6-6m-6 6-6-6',
  plus: 'M12 5v14M5 12h14',
  settings: 'M5 7h8m4 0h2M5 17h2m4 0h8M15 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM9 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z',
  close: 'M6 6l12 12M18 6 6 18',
  alert: 'M12 8v5m0 3v.2M12 3.5 2.8 19.5h18.4Z',
  clock: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.5V12l3 2',
  leave: 'M13.5 4.5H6v15h7.5M10.5 12h10m0 0-3.5-3.5M20.5 12 17 15.5',
  private: 'M12 13.5c2.5 0 6.5 1.2 7.5 4.2.3 1-.4 1.8-1.5 1.8H6c-1.1 0-1.8-.8-1.5-1.8 1-3 5-4.2 7.5-4.2ZM12 10.8a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8Z',
  at: 'M15.5 12a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0Zm0 0v1.5c0 1.4 1 2.5 2.3 2.5s2.7-1.2 2.7-4a8.5 8.5 0 1 0-3.3 6.7',
  smile: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM8.5 14c.8 1.3 2 2 3.5 2s2.7-.7 3.5-2M9 9.5v.2M15 9.5v.2',
  pencil: 'M5 19l.8-3.6L16 5.2l2.8 2.8L8.6 18.2ZM13.5 7.7l2.8 2.8',
  bin: 'M5 7h14M9.5 7V4.8h5V7M7 7l.8 12.2h8.4L17 7M10.3 10.5v5.2M13.7 10.5v5.2',
  more: 'M6 12v.2M12 12v.2M18 12v.2',
  save: 'M12 4v11m0 0 4-4m-4 4-4-4M5 16v3.5h14V16',
} as const;

export type IconName = keyof typeof PATHS;

/** `turn`: points along the line of writing and is mirrored in Persian. */
export function Icon({ name, turn = false }: { name: IconName; turn?: boolean }) {
  return <svg class={turn ? 'icon turn' : 'icon'} viewBox="0 0 24 24" aria-hidden="true"><path d={PATHS[name]} /></svg>;
}
