/** The box beside the cursor: built by hand, because it changes with every move of the mouse. */

import styles from "./tooltip.module.css";

export interface TooltipSettings {
  mode: "single" | "multi" | "none";
  sort: "none" | "asc" | "desc";
  timeZone: string;
  /** Series whose value is zero are left out. */
  hideZeros?: boolean;
  /** CSS pixels. */
  maxWidth?: number;
  maxHeight?: number;
}

/** One line of the box: a swatch, a name, a value. */
export interface TooltipRow {
  label: string;
  /** Absent: no swatch. */
  color?: string;
  text: string;
  /** The one that is meant. */
  near?: boolean;
}

export interface TooltipLink {
  href: string;
  title: string;
  target: "_blank" | undefined;
}

export interface TooltipContent {
  title: string;
  rows: readonly TooltipRow[];
  /** Rows that are not shown. */
  more?: number;
  /** A sentence below the rows. */
  note?: string;
  tags?: readonly string[];
  /** Shown when the box is pinned, and counted before. */
  links?: readonly TooltipLink[];
  /** What stands under the rows, drawn by whoever fills the box. */
  footer?: HTMLElement;
  maxWidth?: number;
  maxHeight?: number;
}

/** Rows beyond this are counted, not shown: nobody reads them, and each costs time. */
export const MAX_ROWS = 40;
/** A pinned box scrolls, so it may show more. */
export const MAX_PINNED_ROWS = 400;

/** Where the box is wanted, in the window. */
export interface TooltipPlace {
  x: number;
  y: number;
}

/** A tooltip element that follows a cursor, and stays where a click has pinned it. */
export class ChartTooltip {
  private readonly element = document.createElement("div");
  private frame = 0;
  private pinnedAt: TooltipPlace | undefined;
  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      this.unpin();
    }
  };
  private readonly onPointer = (event: PointerEvent) => {
    if (!this.element.contains(event.target as Node)) {
      this.unpin();
    }
  };

  constructor() {
    this.element.className = styles.tooltip ?? "";
    this.element.setAttribute("role", "status");
    this.element.hidden = true;
    document.body.append(this.element);
  }

  get pinned(): boolean {
    return this.pinnedAt !== undefined;
  }

  /** Redrawn at most once a frame, however often the mouse moves; a pinned box stays. */
  update(place: () => TooltipPlace, content: () => TooltipContent | null): void {
    if (this.pinned) {
      return;
    }
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.show(place(), content()));
  }

  /** Keeps the box where it is, with links that can be followed. */
  pin(place: TooltipPlace, content: TooltipContent | null): void {
    if (content === null || content.rows.length + (content.links?.length ?? 0) === 0) {
      return;
    }
    cancelAnimationFrame(this.frame);
    this.pinnedAt = place;
    this.show(place, content);
    document.addEventListener("keydown", this.onKey, true);
    // The click that pins must not be the one that lets go.
    setTimeout(() => this.pinned && document.addEventListener("pointerdown", this.onPointer, true));
  }

  unpin(): void {
    this.pinnedAt = undefined;
    document.removeEventListener("keydown", this.onKey, true);
    document.removeEventListener("pointerdown", this.onPointer, true);
    this.hide();
  }

  hide(): void {
    if (!this.pinned) {
      cancelAnimationFrame(this.frame);
      this.element.hidden = true;
    }
  }

  destroy(): void {
    this.unpin();
    cancelAnimationFrame(this.frame);
    this.element.remove();
  }

  private show(place: TooltipPlace, content: TooltipContent | null): void {
    if (content === null) {
      this.element.hidden = true;
      return;
    }
    this.element.replaceChildren(...this.children(content));
    this.element.classList.toggle(styles.pinned ?? "pinned", this.pinned);
    this.element.style.maxWidth = content.maxWidth ? `min(${content.maxWidth}px, calc(100vw - 8px))` : "";
    this.element.style.maxHeight = content.maxHeight ? `${content.maxHeight}px` : "";
    this.element.hidden = false;
    this.place(place);
  }

  private children(content: TooltipContent): HTMLElement[] {
    const head = line(styles.time, content.title);
    if (this.pinned) {
      head.append(this.closeButton());
    }
    const multi = content.rows.length > 1;
    const children = [head, ...content.rows.map((row) => rowElement(row, multi))];
    if (content.more) {
      children.push(line(styles.more, `and ${content.more} more`));
    }
    if (content.note) {
      children.push(line(styles.note, content.note));
    }
    if (content.tags?.length) {
      children.push(tagsElement(content.tags));
    }
    if (content.footer) {
      children.push(content.footer);
    }
    const links = content.links ?? [];
    if (links.length > 0) {
      children.push(this.pinned ? linksElement(links) : line(styles.more, "Click for links"));
    }
    return children;
  }

  private closeButton(): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = styles.close ?? "";
    button.setAttribute("aria-label", "Close");
    button.textContent = "×";
    button.addEventListener("click", () => this.unpin());
    return button;
  }

  /** Right of the place where there is room, never beyond the window. */
  private place({ x, y }: TooltipPlace): void {
    const box = this.element.getBoundingClientRect();
    const gap = 14;
    const fitsRight = x + gap + box.width <= innerWidth - 4;
    const placedX = fitsRight ? x + gap : Math.max(4, x - gap - box.width);
    const placedY = Math.max(4, Math.min(y + gap, innerHeight - box.height - 4));
    this.element.style.transform = `translate(${Math.round(placedX)}px, ${Math.round(placedY)}px)`;
  }
}

function line(className: string | undefined, text: string): HTMLElement {
  const element = document.createElement("div");
  element.className = className ?? "";
  element.textContent = text;
  return element;
}

function rowElement({ label, color, text, near }: TooltipRow, multi: boolean): HTMLElement {
  const element = line(`${styles.row} ${near && multi ? styles.near : ""}`, "");
  if (color !== undefined) {
    const swatch = line(styles.swatch, "");
    swatch.style.background = color;
    element.append(swatch);
  }
  element.append(line(styles.name, label), line(styles.value, text));
  return element;
}

function tagsElement(tags: readonly string[]): HTMLElement {
  const element = line(styles.tags, "");
  element.append(...tags.slice(0, 20).map((tag) => line(styles.tag, tag)));
  return element;
}

function linksElement(links: readonly TooltipLink[]): HTMLElement {
  const element = line(styles.links, "");
  for (const { href, title, target } of links.slice(0, 20)) {
    const anchor = document.createElement("a");
    anchor.href = href;
    anchor.textContent = title;
    anchor.rel = "noreferrer";
    if (target) {
      anchor.target = target;
    }
    element.append(anchor);
  }
  return element;
}
