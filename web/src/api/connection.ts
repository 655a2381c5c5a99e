/** Whether the server answers; while it does not, it is asked again with growing pauses. */

type Listener = () => void;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;

class Connection {
  #gone = false;
  #listeners = new Set<Listener>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  /** Set at start; kept apart so that this file calls nothing that calls it. */
  probe: () => Promise<boolean> = async () => true;

  get gone(): boolean {
    return this.#gone;
  }

  subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): boolean => this.#gone;

  lost(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#tell();
    this.#schedule();
  }

  seen(): void {
    if (!this.#gone) return;
    this.#gone = false;
    clearTimeout(this.#timer);
    this.#tell();
  }

  #schedule(): void {
    this.#timer = setTimeout(async () => {
      if (await this.probe()) this.seen();
      else if (this.#gone) {
        this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
        this.#schedule();
      }
    }, this.#pauseMs);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export const connection = new Connection();
