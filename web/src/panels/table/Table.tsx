/** A table of one frame: sorted, filtered, with a footer; only the rows in view are in the page. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, useMemo, useRef, useState } from "react";
import type { DataFrame } from "../../lib/dataFrame";
import type { PanelProps } from "../types";
import { backgroundLook, Cell } from "./Cell";
import { type Column, tableColumns } from "./columns";
import { type Filters, type FooterOptions, footerTexts, type SortKey, visibleRows } from "./rows";
import styles from "./table.module.css";

export interface TableProps {
  frame: DataFrame;
  frames: readonly DataFrame[];
  width: number;
  height: number;
  rowHeight: number;
  showHeader: boolean;
  initialSort: readonly SortKey[];
  footer: FooterOptions;
  theme: PanelProps["theme"];
  interpolate: PanelProps["interpolate"];
  label: string;
}

const HEADER_PX = 30;
const FOOTER_PX = 30;
const SCROLLBAR_PX = 12;

export function Table(props: TableProps) {
  const { frame, frames, width, height, rowHeight, showHeader, footer } = props;
  const [sort, setSort] = useState<readonly SortKey[]>(props.initialSort);
  const [filters, setFilters] = useState<Filters>({});
  const scroller = useRef<HTMLDivElement>(null);
  const body = height - (showHeader ? HEADER_PX : 0) - (footer.show ? FOOTER_PX : 0);
  const scrolls = frame.length * rowHeight > body;
  const columns = useMemo(
    () => tableColumns(frame, frames, width - (scrolls ? SCROLLBAR_PX : 0)),
    [frame, frames, width, scrolls],
  );
  const rows = useMemo(() => visibleRows(frame, columns, sort, filters), [frame, columns, sort, filters]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    initialRect: { width, height },
  });
  const total = columns.reduce((sum, column) => sum + column.width, 0);
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows in view only, which a table element does not do.
    <div
      ref={scroller}
      role="table"
      aria-label={props.label}
      aria-rowcount={rows.length}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      className={styles.scroller}
      style={{ width, height }}
    >
      {showHeader && (
        <HeaderRow
          columns={columns}
          width={Math.max(total, width - SCROLLBAR_PX)}
          sort={sort}
          filters={filters}
          onSort={(name) => setSort(nextSort(sort, name))}
          onFilter={(name, text) => setFilters({ ...filters, [name]: text })}
        />
      )}
      <div style={{ position: "relative", width: total, height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => (
          <BodyRow key={item.key} columns={columns} row={rows[item.index] as number} top={item.start} table={props} />
        ))}
      </div>
      {rows.length === 0 && frame.length > 0 && <div className={styles.empty}>No row matches the filters.</div>}
      {footer.show && (
        <FooterRow
          columns={columns}
          width={Math.max(total, width - SCROLLBAR_PX)}
          texts={footerTexts(columns, rows, footer)}
        />
      )}
    </div>
  );
}

interface HeaderRowProps {
  columns: readonly Column[];
  width: number;
  sort: readonly SortKey[];
  filters: Filters;
  onSort: (name: string) => void;
  onFilter: (name: string, text: string) => void;
}

function HeaderRow({ columns, width, sort, filters, onSort, onFilter }: HeaderRowProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the table.
    <div role="row" className={styles.header} style={{ width }} tabIndex={-1}>
      {columns.map((column, index) => (
        <HeaderCell
          key={columnKey(column, index)}
          column={column}
          sort={sort.find(({ name }) => name === column.name)}
          filter={filters[column.name] ?? ""}
          onSort={() => onSort(column.name)}
          onFilter={(text) => onFilter(column.name, text)}
        />
      ))}
    </div>
  );
}

/** Two columns may have the same title. */
const columnKey = (column: Column, index: number) => `${index}/${column.name}`;

function BodyRow({
  columns,
  row,
  top,
  table,
}: {
  columns: readonly Column[];
  row: number;
  top: number;
  table: TableProps;
}) {
  const { frame, rowHeight, theme, interpolate } = table;
  const look = rowLook(columns, row, theme);
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the table.
    <div role="row" className={styles.row} style={{ top, height: rowHeight, ...look }} tabIndex={-1}>
      {columns.map((column, index) => (
        <Cell
          key={columnKey(column, index)}
          column={column}
          frame={frame}
          row={row}
          height={rowHeight - 1}
          rowLook={look ? { color: look.color } : undefined}
          theme={theme}
          interpolate={interpolate}
        />
      ))}
    </div>
  );
}

function FooterRow({ columns, width, texts }: { columns: readonly Column[]; width: number; texts: readonly string[] }) {
  return (
    <div className={styles.footer} style={{ width }}>
      {columns.map((column, index) => (
        <div
          key={columnKey(column, index)}
          className={styles.cell}
          style={{ width: column.width, textAlign: column.align, height: FOOTER_PX - 1 }}
        >
          {texts[index]}
        </div>
      ))}
    </div>
  );
}

function rowLook(columns: readonly Column[], row: number, theme: PanelProps["theme"]): CSSProperties | undefined {
  const giver = columns.find(({ cell }) => cell.type === "color-background" && cell.applyToRow);
  const color = giver?.field.display?.(giver.field.values[row]).color;
  return color ? backgroundLook(color, true, theme) : undefined;
}

/** Falling, rising, as the data came. */
function nextSort(sort: readonly SortKey[], name: string): SortKey[] {
  const current = sort.find((key) => key.name === name);
  if (current === undefined) {
    return [{ name, desc: true }];
  }
  return current.desc ? [{ name, desc: false }] : [];
}

interface HeaderProps {
  column: Column;
  sort: SortKey | undefined;
  filter: string;
  onSort: () => void;
  onFilter: (text: string) => void;
}

function HeaderCell({ column, sort, filter, onSort, onFilter }: HeaderProps) {
  const [editing, setEditing] = useState(false);
  const direction = sort ? (sort.desc ? "descending" : "ascending") : "none";
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the table.
    <div
      role="columnheader"
      aria-sort={direction}
      className={styles.headerCell}
      style={{ width: column.width, textAlign: column.align }}
      tabIndex={-1}
    >
      {editing ? (
        <input
          className={styles.filterInput}
          value={filter}
          placeholder={column.field.type === "number" ? "text or >= 5" : "contains…"}
          aria-label={`Filter ${column.name}`}
          // biome-ignore lint/a11y/noAutofocus: the field opens because it was asked for.
          autoFocus
          onChange={(event) => onFilter(event.currentTarget.value)}
          onBlur={() => setEditing(false)}
          onKeyDown={(event) => {
            if (event.key === "Escape" || event.key === "Enter") {
              event.stopPropagation();
              setEditing(false);
            }
          }}
        />
      ) : (
        <button
          type="button"
          className={styles.sort}
          onClick={onSort}
          title={column.name}
          style={{ textAlign: column.align }}
        >
          {column.name}
          <span aria-hidden="true">{sort ? (sort.desc ? " ▾" : " ▴") : ""}</span>
        </button>
      )}
      {column.filterable && !editing && (
        <button
          type="button"
          className={`${styles.filter} ${filter ? styles.filtering : ""}`}
          aria-label={`Filter ${column.name}`}
          onClick={() => setEditing(true)}
        >
          <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
            <path d="M1.5 2.5h13l-5 6v5l-3-1.5V8.5z" fill="currentColor" />
          </svg>
        </button>
      )}
    </div>
  );
}
