/**
 * The IAM part of the simulated cloud: tokens for a user's password, and the lists of projects.
 *
 * Called by `cloud.ts`, which also asks it whether a token is good. What the user's state and the lifetime of
 * a token are is in the hands of whoever holds the simulation. It knows one user, and creates no projects.
 */
import type { Clock } from "../clock.ts";
import { type SimulatedAnswer, SIMULATION } from "./state.ts";

export interface SimulatedProject {
  id: string;
  name: string;
}

export interface SimulatedIam {
  projects: SimulatedProject[];
  /** What stands in the way of the user whose password is right. */
  userState: "active" | "mfa_required" | "disabled" | "locked";
  tokenLifetimeMs: number;
  /** Makes every token invalid that was granted so far. */
  revokeAll(): void;
  isGood(token: string): boolean;
  /** Answers the request for a token. */
  grant(body: string): SimulatedAnswer;
  /** Answers both lists of projects. */
  listProjects(query: URLSearchParams): SimulatedAnswer;
}

const REASONS = {
  mfa_required: "The user has to pass multi-factor authentication (MFA)",
  disabled: "The user is disabled",
  locked: "The user is locked",
} as const;

export function createSimulatedIam(clock: Clock): SimulatedIam {
  const tokens = new Map<string, { expiresAt: number }>();
  let granted = 0;
  const iam: SimulatedIam = {
    projects: [{ id: SIMULATION.projectId, name: SIMULATION.region }],
    userState: "active",
    tokenLifetimeMs: 24 * 60 * 60_000,
    revokeAll: () => tokens.clear(),
    isGood: (token) => (tokens.get(token)?.expiresAt ?? 0) > clock.now(),
    grant(body) {
      const { identity, scope } = readRequest(body);
      const { domainName, userName, userPassword } = SIMULATION.user;
      const { name, password, domain } = identity?.password?.user ?? {};
      if (name !== userName || password !== userPassword || domain?.name !== domainName) {
        return refuse(401, "Unauthorized", "The username or password is wrong.");
      }
      if (iam.userState !== "active") return refuse(401, "Unauthorized", REASONS[iam.userState]);
      const project = iam.projects.find(({ id, name }) => id === scope?.project?.id || name === scope?.project?.name);
      if (project === undefined) return refuse(400, "Bad Request", "The project does not exist");
      granted += 1;
      const token = `simulated-granted-token-${granted}`;
      const issuedAt = clock.now();
      const expiresAt = issuedAt + iam.tokenLifetimeMs;
      tokens.set(token, { expiresAt });
      return {
        status: 201,
        headers: { "x-subject-token": token },
        body: {
          token: {
            expires_at: new Date(expiresAt).toISOString(),
            issued_at: new Date(issuedAt).toISOString(),
            methods: ["password"],
            project: { id: project.id, name: project.name },
          },
        },
      };
    },
    listProjects(query) {
      const name = query.get("name");
      const projects = iam.projects.filter((project) => name === null || project.name === name);
      return { status: 200, body: { projects: projects.map((project) => ({ ...project, enabled: true })) } };
    },
  };
  return iam;
}

interface TokenRequest {
  identity?: { password?: { user?: { name?: string; password?: string; domain?: { name?: string } } } };
  scope?: { project?: { id?: string; name?: string } };
}

function readRequest(body: string): TokenRequest {
  try {
    return JSON.parse(body).auth ?? {};
  } catch {
    return {};
  }
}

function refuse(code: number, title: string, message: string): SimulatedAnswer {
  return { status: code, body: { error: { code, message, title } } };
}
