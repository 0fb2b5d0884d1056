// The tabs shown on a first visit, in the order of use.
const problems = `# Press Ctrl-Enter to run. Reading needs no sign-in.
# The next tabs sign in, submit a program and show its verdict.
query Problems {
  problems(first: 5) {
    edges {
      node {
        id
        platform
        number
        title
        tags
        timeLimitMs
        memoryLimitKb
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const signIn = `# Only in development. The page uses the token
# until you sign out.
mutation SignIn {
  signInForDevelopment(input: { email: "me@example.org" }) {
    __typename
    ... on SignInPayload {
      accessToken
      expiresAt
      viewer {
        id
        name
        email
      }
    }
    ... on UserError {
      code
      message
    }
  }
}
`;

const submit = `# The next tab shows the verdict.
mutation Submit($input: ExecuteCodeInput!) {
  executeCode(input: $input) {
    __typename
    ... on ExecuteCodePayload {
      message
      history {
        id
        status
      }
      usage {
        executions {
          used
          limit
          remaining
          resetAt
        }
      }
    }
    ... on UserError {
      code
      message
    }
  }
}
`;

const submitVariables = {
  input: {
    platform: "algoitny",
    number: "1",
    language: "python",
    code: "a, b = map(int, input().split())\nprint(a + b)\n",
    isPublic: true,
  },
};

const run = `# Runs code without a problem and a history. The
# response waits for the program to end.
mutation Run($input: RunCodeInput!) {
  runCode(input: $input) {
    __typename
    ... on RunCodePayload {
      run {
        status
        output
        error
        compileOutput
        cpuMs
        wallMs
        peakKb
      }
      usage {
        runs {
          used
          limit
        }
      }
    }
    ... on UserError {
      code
      message
    }
  }
}
`;

const runVariables = {
  input: {
    language: "python",
    code: "print(input()[::-1])\n",
    stdin: "yntIoglA\n",
  },
};

const mine = `# Your latest executions, newest first.
query MyExecutions {
  viewer {
    name
    histories(first: 5) {
      edges {
        node {
          id
          problemTitle
          language
          status
          verdict
          passedCount
          totalCount
          cpuMs
          testResults {
            number
            verdict
            cpuMs
          }
        }
      }
    }
  }
}
`;

const feed = `# Public executions, newest first.
query PublicFeed {
  publicFeed(first: 10) {
    edges {
      node {
        id
        author {
          name
        }
        problemTitle
        language
        verdict
        passedCount
        totalCount
        createdAt
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

export const exampleTabs = [
  { query: problems },
  { query: signIn },
  { query: submit, variables: JSON.stringify(submitVariables, null, 2) },
  { query: mine },
  { query: run, variables: JSON.stringify(runVariables, null, 2) },
  { query: feed },
];
