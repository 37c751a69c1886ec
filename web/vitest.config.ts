// Unit tests run in plain Node: what needs a browser is tested in a browser (tests/browser).
import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    environment: 'node',
    include: ['client/test/**/*.test.ts', 'app/**/*.test.ts', 'app/**/*.test.tsx'],
  },
});
