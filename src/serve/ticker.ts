import type { Clock } from "../core/clock.ts";

const SECOND_MS = 1000;

/**
 * Calls back at the beginning of each second of a clock until it is disposed. It never waits for longer than a second, whatever the clock
 * says, and makes up for nothing: after three days of sleep it calls once, and it goes on when the clock was set back.
 */
export class Ticker implements Disposable {
  readonly #clock: Clock;
  readonly #tick: () => void;
  #timer: NodeJS.Timeout;

  constructor(clock: Clock, tick: () => void) {
    this.#clock = clock;
    this.#tick = tick;
    this.#timer = this.#wait();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(
      () => {
        this.#timer = this.#wait();
        this.#tick();
      },
      SECOND_MS - (this.#clock.now().getTime() % SECOND_MS),
    );
  }
}
