// Keys that work anywhere on the page, unless a form element needs them.

export interface Commands {
  toggle(): void;
  step(frames: number): void;
  toTime(time: number): void;
  turn(azimuth: number, elevation: number): void;
  zoom(factor: number): void;
  reset(): void;
  compare(): void;
  repeat(): void;
  background(): void;
  full(): void;
  help(): void;
}

const TURN_DEGREES = 7.5;

export function listen(commands: Commands): void {
  const keys: Record<string, () => void> = {
    " ": () => commands.toggle(),
    k: () => commands.toggle(),
    ArrowLeft: () => commands.step(-1),
    ArrowRight: () => commands.step(1),
    Home: () => commands.toTime(0),
    End: () => commands.toTime(1),
    "shift+ArrowLeft": () => commands.turn(-TURN_DEGREES, 0),
    "shift+ArrowRight": () => commands.turn(TURN_DEGREES, 0),
    "shift+ArrowUp": () => commands.turn(0, TURN_DEGREES),
    "shift+ArrowDown": () => commands.turn(0, -TURN_DEGREES),
    ArrowUp: () => commands.turn(0, TURN_DEGREES),
    ArrowDown: () => commands.turn(0, -TURN_DEGREES),
    "+": () => commands.zoom(1 / 1.15),
    "=": () => commands.zoom(1 / 1.15),
    "-": () => commands.zoom(1.15),
    r: () => commands.reset(),
    c: () => commands.compare(),
    l: () => commands.repeat(),
    b: () => commands.background(),
    f: () => commands.full(),
    "?": () => commands.help(),
  };
  // A button pressed by pointer gives the focus up, so that the space bar plays; keys keep theirs.
  window.addEventListener("click", (event) => {
    if (event.detail > 0) (event.target as Element).closest<HTMLElement>("button")?.blur();
  });
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    if (target.closest("dialog, select")) return;
    // Space on a focused button presses it; on the wipe, arrows move it.
    if (event.key === " " && target.closest("button")) return;
    if (target.closest(".wipe") && /^(Arrow|Home|End)/.test(event.key)) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const onSlider = !event.shiftKey && target.closest(".time");
    const alias = onSlider ? { ArrowUp: "ArrowRight", ArrowDown: "ArrowLeft" }[name] : undefined;
    const run = keys[event.shiftKey && name.startsWith("Arrow") ? `shift+${name}` : (alias ?? name)];
    if (!run) return;
    event.preventDefault();
    run();
  });
}
