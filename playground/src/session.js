// The session of this page: the access token of the last sign-in, kept until the tab is closed.
const KEY = "algoitny.session";
const listeners = new Set();

function read() {
  return sessionStorage.getItem(KEY);
}

function write(session) {
  if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
  else sessionStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

export const session = {
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  snapshot: read,
  current() {
    const stored = read();
    return stored ? JSON.parse(stored) : null;
  },
  authorization() {
    const signedIn = session.current();
    return signedIn ? { authorization: `Bearer ${signedIn.accessToken}` } : {};
  },
  signOut: () => write(null),
  // A result field with an access token is a sign-in.
  learn(result) {
    for (const value of Object.values(result?.data ?? {})) {
      if (value?.accessToken) {
        write({ accessToken: value.accessToken, name: value.viewer?.name ?? null });
      }
    }
  },
};
