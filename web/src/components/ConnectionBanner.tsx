/** Says that the server does not answer, and goes away when it does again. */

import { IconPlugConnectedX } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { connection } from "../api/connection";
import classes from "./ConnectionBanner.module.css";

export function useServerGone(): boolean {
  return useSyncExternalStore(connection.subscribe, connection.snapshot);
}

export function ConnectionBanner() {
  const gone = useServerGone();
  const before = useRef(gone);
  const client = useQueryClient();
  useEffect(() => {
    if (before.current && !gone) void client.invalidateQueries();
    before.current = gone;
  }, [gone, client]);
  if (!gone) return null;
  return (
    <div className={classes.banner} role="alert">
      <IconPlugConnectedX size={17} />
      <span>
        <b>Pharos does not answer.</b> What you see is the last data that arrived; trying again until it is back.
      </span>
    </div>
  );
}
