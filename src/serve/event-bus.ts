import type { Clock } from "../core/clock.ts";
import type { ServiceEvent, ServiceEvents } from "./ports.ts";

type Untimed<T> = T extends unknown ? Omit<T, "at"> : never;

/** Hands events on to whoever listens. */
export class EventBus implements ServiceEvents {
  readonly #clock: Clock;
  readonly #listeners = new Set<(event: ServiceEvent) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  subscribe(listener: (event: ServiceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everybody, at the clock's time. What a listener throws is its own matter. */
  emit(event: Untimed<ServiceEvent>): void {
    const timed: ServiceEvent = { at: this.#clock.now(), ...event };
    for (const listener of this.#listeners) {
      try {
        listener(timed);
      } catch {
        // A listener that fails must not fail a run; it has its own ways to say so.
      }
    }
  }
}
