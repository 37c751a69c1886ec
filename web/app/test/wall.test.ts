import { describe, expect, it } from 'vitest';
import { planWall } from '../src/wall.ts';

const desktop = { width: 760, height: 900, band: false, rtl: false };

describe('the wall', () => {
  it('is the same at every visit', () => {
    expect(planWall(desktop)).toEqual(planWall(desktop));
  });

  it('is drawn only where it meets the form, and glazed away from it', () => {
    const { stars, ghosts } = planWall(desktop);
    const middle = (points: { x: number }[]) => points.reduce((sum, point) => sum + point.x, 0) / points.length;
    expect(middle(ghosts)).toBeLessThan(middle(stars));
    const mirrored = planWall({ ...desktop, rtl: true });
    expect(middle(mirrored.ghosts)).toBeGreaterThan(middle(mirrored.stars));
  });

  it('lays a cross only between four stars', () => {
    const { stars, crosses, step } = planWall(desktop);
    const glazed = (x: number, y: number) => stars.some((star) => Math.hypot(star.x - x, star.y - y) < 1);
    const inside = crosses.filter(({ x, y }) => x > step && x < desktop.width - step && y > step && y < desktop.height - step);
    expect(inside.length).toBeGreaterThan(10);
    for (const { x, y } of inside) for (const [dx, dy] of [[-1, -1], [1, -1], [-1, 1], [1, 1]] as const) expect(glazed(x + (dx * step) / 2, y + (dy * step) / 2)).toBe(true);
  });

  it('stays small enough to be drawn at once', () => {
    const { stars, crosses, ghosts } = planWall({ width: 2000, height: 1400, band: false, rtl: false });
    expect(stars.length * 4 + crosses.length + ghosts.length * 2).toBeLessThan(3000);
  });
});
