/** Starts the page. */

import { createRoot } from "react-dom/client";
import "./styles/mantine.css";
import "./styles/tokens.css";
import "./styles/global.css";
import "./styles/print.css";
import { App } from "./App";
import { ping } from "./api/client";
import { connection } from "./api/connection";

connection.probe = ping;

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
