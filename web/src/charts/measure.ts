/** Widths of texts, before anything is laid out. */

const widths = new Map<string, number>();
const MAX_CACHED = 5000;

let context: CanvasRenderingContext2D | null | undefined;

function canvasContext(): CanvasRenderingContext2D | null {
  if (context === undefined) {
    try {
      context = document.createElement("canvas").getContext("2d");
    } catch {
      context = null;
    }
  }
  return context;
}

/** The fonts of the tokens, as canvases need them. */
export const UI_FONT = `system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif`;

/** Width in CSS pixels; without a canvas it is estimated. */
export function textWidth(text: string, sizePx: number, weight = 400): number {
  const key = `${weight} ${sizePx} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    const canvas = canvasContext();
    if (canvas) {
      canvas.font = `${weight} ${sizePx}px ${UI_FONT}`;
      width = canvas.measureText(text).width;
    } else {
      width = text.length * sizePx * 0.58;
    }
    if (widths.size >= MAX_CACHED) {
      widths.clear();
    }
    widths.set(key, width);
  }
  return width;
}

/** The largest size, whole pixels, at which the text fits the box. */
export function fitText(text: string, box: { width: number; height: number; max: number; min?: number }): number {
  const atHundred = textWidth(text, 100, 500);
  const byWidth = atHundred > 0 ? (box.width / atHundred) * 100 : box.max;
  return Math.max(box.min ?? 8, Math.floor(Math.min(byWidth, box.height, box.max)));
}
