/**
 * The wire: the shapes that Huawei Cloud documents, and their translation to ours.
 *
 * Used by `client.ts` alone. Every field is optional there, unknown fields are let through, and a field of
 * a wrong type is an error of kind `protocol`, never a guess.
 */
import { z } from "zod";

/** ChangeDbEncryptSecurityGroup, status 200: table 4 of the API reference. */
export const changeAnswerSchema = z.object({
  code: z.int().nullish(),
  description: z.string().nullish(),
  order_id: z.string().nullish(),
  task_id: z.string().nullish(),
});

/** The body of ChangeDbEncryptSecurityGroup: table 3 of the API reference. */
export function changeBody(securityGroupIds: readonly string[]): string {
  return JSON.stringify({ security_group_ids: securityGroupIds });
}
