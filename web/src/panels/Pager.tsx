/** Pages of rows: which one, of how many, and the ways to its neighbours. */

import styles from "./pager.module.css";

export interface PagerProps {
  /** Counted from 0. */
  page: number;
  pages: number;
  height: number;
  /** Said between the arrows; the number of the page where absent. */
  text?: string;
  onPage: (page: number) => void;
}

export function Pager({ page, pages, height, text, onPage }: PagerProps) {
  return (
    <nav className={styles.pager} style={{ height }} aria-label="Pages">
      <button type="button" disabled={page <= 0} aria-label="First page" onClick={() => onPage(0)}>
        «
      </button>
      <button type="button" disabled={page <= 0} aria-label="Previous page" onClick={() => onPage(page - 1)}>
        ‹
      </button>
      <span aria-live="polite">{text ?? `${page + 1} of ${pages}`}</span>
      <button type="button" disabled={page >= pages - 1} aria-label="Next page" onClick={() => onPage(page + 1)}>
        ›
      </button>
      <button type="button" disabled={page >= pages - 1} aria-label="Last page" onClick={() => onPage(pages - 1)}>
        »
      </button>
    </nav>
  );
}
