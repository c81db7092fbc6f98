import { Socket, type ConnectOpts, type SocketConstructorOpts } from "node:net";
import type { Duplex } from "node:stream";

const SLAB_BYTES = 256 * 1024;
/** A slab with less room than this is given up: short reads cost more than memory. */
const LEAST_ROOM = 64 * 1024;

type Listener = (bytes: Buffer) => void;

/**
 * A TCP socket that reads into large buffers. Node's own 'data' events come in pieces of 64 KB at most, each a new allocation;
 * here the bytes of a COPY arrive in whatever the kernel holds. Each piece belongs to who receives it: memory is never read into twice.
 */
export function largeReadSocket(): Socket {
  let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  let used = 0;
  // @types/node knows `onread` as an option of `connect` alone.
  const options: SocketConstructorOpts & Pick<ConnectOpts, "onread"> = {
    onread: {
      buffer: () => {
        if (slab.length - used < LEAST_ROOM) {
          slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
          used = 0;
        }
        return slab.subarray(used);
      },
      callback: (length) => {
        const bytes = slab.subarray(used, used + length);
        used += length;
        socket.emit("data", bytes);
        return true;
      },
    },
  };
  const socket = new Socket(options);
  return socket;
}

/** A connection's incoming bytes: the driver's, unless somebody has taken them; what is not for the taker goes back through `pass`. */
export class ServerBytes {
  readonly #stream: Duplex;
  readonly #driver: readonly Listener[];
  #taker: Listener | null = null;
  /** Called whenever the server has said something. */
  onBytes: () => void = () => undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#driver = stream.listeners("data").map((listener) => (bytes) => {
      Reflect.apply(listener, stream, [bytes]);
    });
    stream.removeAllListeners("data");
    stream.on("data", (bytes: Buffer) => {
      this.onBytes();
      if (this.#taker === null) this.pass(bytes);
      else this.#taker(bytes);
    });
  }

  take(taker: Listener): void {
    this.#taker = taker;
  }

  giveBack(): void {
    this.#taker = null;
  }

  /** Gives bytes to the driver as if they had just come in. */
  pass(bytes: Buffer): void {
    for (const listener of this.#driver) listener(bytes);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}
