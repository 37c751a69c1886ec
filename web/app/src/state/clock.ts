// The time, for parts that count something down. Ticks only while somebody looks.
import { useEffect, useState } from 'preact/hooks';

/** Now, in Unix milliseconds; draws the part again every `every` ms, or not at all for null. */
export function useTick(every: number | null): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (every === null) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return every === null ? Date.now() : Math.max(now, Date.now());
}
