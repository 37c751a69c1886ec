// The loads that are measured: what each one says to `charsu load`.

/** Every shape; with `quick` they only show that the measurement works. */
export function shapesFor(quick) {
  const seconds = ['--seconds', quick ? '1' : '2.5', '--warm-up', quick ? '0.5' : '1'];
  // Percentiles want more lines.
  const longer = ['--seconds', quick ? '1' : '5', '--warm-up', quick ? '0.5' : '1.5'];
  return [
    { id: '1x32', name: '1 room of 32, all send', load: ['--members', '32', ...seconds] },
    { id: '1x32x64', name: '1 room of 32, 64 lines at once', load: ['--members', '32', '--depth', '64', ...seconds] },
    { id: '100x10', name: '100 rooms of 10, all send', load: ['--rooms', '100', '--members', '10', ...seconds] },
    { id: '1x1000', name: '1 room of 1000, all send', load: ['--members', '1000', ...seconds], large: true },
    { id: '1x1000s1', name: '1 room of 1000, one sends', load: ['--members', '1000', '--senders', '1', ...seconds] },
    {
      id: 'paced',
      name: '100 rooms of 20, 1000 lines/s',
      open: true,
      load: ['--rooms', '100', '--members', '20', '--rate', '1000', ...longer],
    },
    {
      id: 'idle',
      name: 'idle connections, rooms of 20',
      idle: true,
      // Many, so that what a server happens to take for itself meanwhile does not count.
      load: ['--rooms', quick ? '50' : '700', '--members', '20', '--idle', quick ? '1' : '3'],
    },
  ];
}
