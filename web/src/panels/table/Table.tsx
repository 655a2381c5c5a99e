/** A table of one frame: sorted, filtered, with a footer; only the rows in view are in the page. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type ReactNode, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { DataFrame } from "../../lib/dataFrame";
import { formattedText } from "../../lib/format";
import { Pager } from "../Pager";
import type { PanelProps } from "../types";
import { backgroundLook, Cell } from "./Cell";
import { type Column, tableColumns, wrappedRowHeight } from "./columns";
import { InspectCell, wholeText } from "./InspectCell";
import { EXPANDER_PX, Expander, nestedHeight, nestedTables } from "./nested";
import { type Filters, type FooterOptions, footerTexts, hasFooter, type SortKey, visibleRows } from "./rows";
import styles from "./table.module.css";

export interface TableProps {
  frame: DataFrame;
  frames: readonly DataFrame[];
  width: number;
  height: number;
  rowHeight: number;
  /** Rows with wrapped text grow no higher. */
  maxRowHeight?: number;
  showHeader: boolean;
  initialSort: readonly SortKey[];
  footer: FooterOptions;
  /** Rows of a page; 0 as many as fit; absent: one long list. */
  pageSize?: number;
  /** Columns on the left that stay when the rest scrolls. */
  frozenColumns?: number;
  theme: PanelProps["theme"];
  timeZone?: string;
  interpolate: PanelProps["interpolate"];
  label: string;
}

const HEADER_PX = 30;
const FOOTER_PX = 30;
const SCROLLBAR_PX = 12;
const PAGER_PX = 32;
const NESTED_GAP_PX = 8;
const NO_SORT: readonly SortKey[] = [];
const NO_FOOTER: FooterOptions = { show: false, reducers: [], fields: [], countRows: false };

function toggled(opened: ReadonlySet<number>, row: number): ReadonlySet<number> {
  const next = new Set(opened);
  if (!next.delete(row)) {
    next.add(row);
  }
  return next;
}

export function Table(props: TableProps) {
  const { frame, frames, width, rowHeight, showHeader, footer } = props;
  const [sort, setSort] = useState<readonly SortKey[]>(props.initialSort);
  const [filters, setFilters] = useState<Filters>({});
  const [inspected, setInspected] = useState<{ title: string; text: string }>();
  const scroller = useRef<HTMLDivElement>(null);
  const pages = props.pageSize !== undefined;
  const height = props.height - (pages ? PAGER_PX : 0);
  const [page, setPage] = useState(0);
  const body = height - (showHeader ? HEADER_PX : 0) - (footer.show ? FOOTER_PX : 0);
  const perPage = pages ? props.pageSize || Math.max(1, Math.floor(body / rowHeight)) : Number.POSITIVE_INFINITY;
  const scrolls = Math.min(frame.length, perPage) * rowHeight > body;
  const nested = useMemo(() => nestedTables(frame), [frame]);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const room = width - (scrolls ? SCROLLBAR_PX : 0) - (nested ? EXPANDER_PX : 0);
  const columns = useMemo(
    () => tableColumns(frame, frames, room, props.frozenColumns),
    [frame, frames, room, props.frozenColumns],
  );
  const all = useMemo(() => visibleRows(frame, columns, sort, filters), [frame, columns, sort, filters]);
  const count = Math.max(1, Math.ceil(all.length / perPage));
  const shownPage = Math.min(page, count - 1);
  const rows = pages ? all.slice(shownPage * perPage, (shownPage + 1) * perPage) : all;
  const grows = columns.some(({ wraps, cell }) => wraps || cell.type === "markdown");
  const ownHeight = (row: number) =>
    grows ? wrappedRowHeight(columns, row, rowHeight, props.maxRowHeight) : rowHeight;
  const heightOf = (index: number) => {
    const row = rows[index] as number;
    return ownHeight(row) + (opened.has(row) ? nestedHeight(nested?.[row], rowHeight) : 0);
  };
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: heightOf,
    overscan: 8,
    initialRect: { width, height },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights are remembered until told otherwise.
  useLayoutEffect(() => virtual.measure(), [all, columns, shownPage, rowHeight, perPage, opened]);
  const total = columns.reduce((sum, column) => sum + column.width, nested ? EXPANDER_PX : 0);
  const hasFoot = hasFooter(columns, footer);
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: rows in view only, which a table element does not do. */}
      <div
        ref={scroller}
        role="table"
        aria-label={props.label}
        aria-rowcount={all.length}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        className={styles.scroller}
        style={{ width, height }}
      >
        {showHeader && (
          <HeaderRow
            columns={columns}
            width={Math.max(total, width - SCROLLBAR_PX)}
            indent={nested ? EXPANDER_PX : 0}
            sort={sort}
            filters={filters}
            onSort={(name, adds) => setSort(nextSort(sort, name, adds))}
            onFilter={(name, text) => setFilters({ ...filters, [name]: text })}
          />
        )}
        <div style={{ position: "relative", width: total, height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index] as number;
            const tables = nested?.[row] ?? [];
            const isOpen = opened.has(row);
            const height = isOpen ? ownHeight(row) : item.size;
            return (
              <div key={item.key} className={styles.place} style={{ top: item.start, height: item.size }}>
                <BodyRow
                  columns={columns}
                  row={row}
                  height={height}
                  table={props}
                  onInspect={setInspected}
                  expander={
                    nested && (
                      <Expander
                        opened={isOpen}
                        empty={tables.length === 0}
                        onToggle={() => setOpened(toggled(opened, row))}
                      />
                    )
                  }
                />
                {isOpen &&
                  tables.map((table, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: tables have no other identity than their place.
                    <div key={at} className={styles.nested} style={{ marginLeft: EXPANDER_PX }}>
                      <Table
                        {...props}
                        frame={table}
                        frames={tables}
                        width={Math.max(120, Math.min(total, width) - EXPANDER_PX - SCROLLBAR_PX)}
                        height={nestedHeight([table], rowHeight) - NESTED_GAP_PX}
                        initialSort={NO_SORT}
                        footer={NO_FOOTER}
                        pageSize={undefined}
                        frozenColumns={0}
                        showHeader
                        label={`${props.label}, row ${item.index + 1}`}
                      />
                    </div>
                  ))}
              </div>
            );
          })}
        </div>
        {rows.length === 0 && frame.length > 0 && <div className={styles.empty}>No row matches the filters.</div>}
        {hasFoot && (
          <FooterRow
            columns={columns}
            width={Math.max(total, width - SCROLLBAR_PX)}
            indent={nested ? EXPANDER_PX : 0}
            texts={footerTexts(columns, all, footer)}
          />
        )}
      </div>
      {pages && (
        <Pager
          page={shownPage}
          pages={count}
          height={PAGER_PX}
          text={
            all.length === 0
              ? "0 of 0"
              : `${shownPage * perPage + 1} – ${shownPage * perPage + rows.length} of ${all.length}`
          }
          onPage={setPage}
        />
      )}
      {inspected && <InspectCell {...inspected} onClose={() => setInspected(undefined)} />}
    </>
  );
}

interface HeaderRowProps {
  columns: readonly Column[];
  width: number;
  /** Room before the first column. */
  indent: number;
  sort: readonly SortKey[];
  filters: Filters;
  onSort: (name: string, adds: boolean) => void;
  onFilter: (name: string, text: string) => void;
}

function HeaderRow({ columns, width, indent, sort, filters, onSort, onFilter }: HeaderRowProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the table.
    <div role="row" className={styles.header} style={{ width, paddingLeft: indent }} tabIndex={-1}>
      {columns.map((column, index) => (
        <HeaderCell
          key={columnKey(column, index)}
          column={column}
          sort={sort.find(({ name }) => name === column.name)}
          filter={filters[column.name] ?? ""}
          onSort={(adds) => onSort(column.name, adds)}
          onFilter={(text) => onFilter(column.name, text)}
        />
      ))}
    </div>
  );
}

/** Two columns may have the same title. */
const columnKey = (column: Column, index: number) => `${index}/${column.name}`;

interface BodyRowProps {
  columns: readonly Column[];
  row: number;
  height: number;
  table: TableProps;
  onInspect: (cell: { title: string; text: string }) => void;
  /** Before the first cell. */
  expander: ReactNode;
}

function BodyRow({ columns, row, height, table, onInspect, expander }: BodyRowProps) {
  const { frame, theme, interpolate } = table;
  const look = rowLook(columns, row, theme);
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the table.
    <div role="row" className={styles.row} style={{ height, ...look }} tabIndex={-1}>
      {expander}
      {columns.map((column, index) => (
        <Cell
          key={columnKey(column, index)}
          column={column}
          frame={frame}
          row={row}
          height={height - 1}
          rowLook={look ? { color: look.color } : undefined}
          theme={theme}
          interpolate={interpolate}
          onInspect={(value, display) =>
            onInspect({ title: column.name, text: wholeText(value, formattedText(display)) })
          }
        />
      ))}
    </div>
  );
}

interface FooterRowProps {
  columns: readonly Column[];
  width: number;
  indent: number;
  texts: readonly string[];
}

function FooterRow({ columns, width, indent, texts }: FooterRowProps) {
  return (
    <div className={styles.footer} style={{ width, paddingLeft: indent }}>
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

/** Falling, rising, as the data came; with Shift or Ctrl after the columns that sort already. */
export function nextSort(sort: readonly SortKey[], name: string, adds: boolean): SortKey[] {
  const others = adds ? sort.filter((key) => key.name !== name) : [];
  const current = sort.find((key) => key.name === name);
  if (current === undefined) {
    return [...others, { name, desc: true }];
  }
  return current.desc ? [...others, { name, desc: false }] : others;
}

function frozenStyle({ frozenLeft }: Column): CSSProperties {
  return frozenLeft === undefined
    ? {}
    : { position: "sticky", left: frozenLeft, zIndex: 1, background: "var(--bg-surface)" };
}

interface HeaderProps {
  column: Column;
  sort: SortKey | undefined;
  filter: string;
  onSort: (adds: boolean) => void;
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
      style={{ width: column.width, textAlign: column.align, ...frozenStyle(column) }}
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
          onClick={(event) => onSort(event.shiftKey || event.ctrlKey || event.metaKey)}
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
