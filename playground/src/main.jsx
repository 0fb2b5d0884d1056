// The page at GET /graphql: GraphiQL for this server's API, without files from other servers.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { exampleTabs } from "./examples.js";
import { session } from "./session.js";
import "graphiql/style.css";
import "./page.css";

const WORKER_FILES = { json: "json.worker.js", graphql: "graphql.worker.js" };
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(WORKERS[WORKER_FILES[label] ?? "editor.worker.js"]),
};

const endpoint = new URL("/graphql", window.location.href);
const socketUrl = new URL(endpoint);
socketUrl.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

async function send(url, options) {
  const headers = {
    accept: "application/graphql-response+json, application/json;q=0.9",
    ...session.authorization(),
    ...options.headers,
  };
  const response = await fetch(url, { ...options, headers });
  response
    .clone()
    .json()
    .then(session.learn, () => undefined);
  return response;
}

const ask = createGraphiQLFetcher({
  url: endpoint.href,
  fetch: send,
  enableIncrementalDelivery: false,
  wsClient: createClient({ url: socketUrl.href, connectionParams: session.authorization }),
});

// Right after a change of tabs, GraphiQL can still send the previous tab's operation name.
function fetcher(parameters, options) {
  const { operationName, query } = parameters;
  const isInQuery = operationName && query.includes(operationName);
  return ask({ ...parameters, operationName: isInQuery ? operationName : undefined }, options);
}

function Session() {
  useSyncExternalStore(session.subscribe, session.snapshot);
  const signedIn = session.current();
  if (!signedIn) return <span className="session">not signed in</span>;
  return (
    <span className="session">
      signed in{signedIn.name ? ` as ${signedIn.name}` : ""}{" "}
      <button type="button" onClick={session.signOut}>
        sign out
      </button>
    </span>
  );
}

createRoot(document.getElementById("playground")).render(
  <GraphiQL fetcher={fetcher} defaultTabs={exampleTabs} defaultEditorToolsVisibility="variables">
    <GraphiQL.Logo>
      AlgoItny
      <Session />
    </GraphiQL.Logo>
  </GraphiQL>,
);
