// The clock: one time in [0, 1], advanced while playing.

export type Repeat = "loop" | "pingpong" | "once";

export class Playback {
  time = 0;
  playing = false;
  speed = 1;
  repeat: Repeat = "pingpong";
  private direction = 1;
  private readonly listeners: (() => void)[] = [];

  /** @param frames Frames from time 0 to 1. @param fps Frames per second at speed 1. */
  constructor(
    readonly frames: number,
    readonly fps: number,
  ) {}

  /** Seconds from time 0 to 1 at speed 1. */
  get duration(): number {
    return Math.max(1, this.frames - 1) / this.fps;
  }

  get frame(): number {
    return Math.round(this.time * Math.max(1, this.frames - 1));
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  play(): void {
    if (this.playing) return;
    if (this.repeat !== "pingpong") this.direction = 1;
    // From an end there is only one way to go.
    if (this.time >= 1 && this.repeat !== "pingpong") this.time = 0;
    if (this.time >= 1) this.direction = -1;
    if (this.time <= 0) this.direction = 1;
    this.playing = true;
    this.changed();
  }

  pause(): void {
    if (!this.playing) return;
    this.playing = false;
    this.changed();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Goes to a time and leaves playing as it is. */
  seek(time: number): void {
    const clamped = Math.min(1, Math.max(0, Number.isFinite(time) ? time : 0));
    if (clamped === this.time) return;
    this.time = clamped;
    this.changed();
  }

  /** Pauses and moves by whole frames. */
  step(frames: number): void {
    this.pause();
    const last = Math.max(1, this.frames - 1);
    this.seek((Math.round(this.time * last) + frames) / last);
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.changed();
  }

  setRepeat(repeat: Repeat): void {
    this.repeat = repeat;
    if (repeat !== "pingpong") this.direction = 1;
    this.changed();
  }

  /** Advances by elapsed seconds while playing. */
  tick(seconds: number): void {
    if (!this.playing) return;
    let time = this.time + (this.direction * seconds * this.speed) / this.duration;
    if (this.repeat === "loop") {
      time -= Math.floor(time);
    } else if (time > 1 || time < 0) {
      if (this.repeat === "once") {
        this.playing = false;
      } else {
        this.direction = time > 1 ? -1 : 1;
        time = time > 1 ? 2 - time : -time;
      }
      time = Math.min(1, Math.max(0, time));
    }
    this.time = time;
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
