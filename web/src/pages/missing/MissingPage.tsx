/** An address that is no page. */

import { Link } from "@tanstack/react-router";
import { PageHeader } from "../../components/PageHeader";
import { EmptyView } from "../../components/StateView";

export function MissingPage() {
  return (
    <>
      <PageHeader title="Not found" />
      <EmptyView title="There is no page at this address">
        <Link to="/">Go to Home</Link>, or press <kbd>Ctrl K</kbd> and type a dashboard’s name.
      </EmptyView>
    </>
  );
}
