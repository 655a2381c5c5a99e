/** Copies text, over a plain http:// address too, where `navigator.clipboard` does not exist. */

export async function copyText(text: string): Promise<boolean> {
  copied = text;
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused: the old way may still work.
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
  }
}

/** What was copied last: over a plain http:// address a page may not read the clipboard. */
let copied = "";

export async function readCopied(): Promise<string> {
  try {
    return (await navigator.clipboard?.readText()) || copied;
  } catch {
    return copied;
  }
}

/** Hands the user a file made in the page. */
export function downloadText(name: string, text: string, type: string): void {
  downloadBlob(name, new Blob([text], { type }));
}

export function downloadBlob(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
