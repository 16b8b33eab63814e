/**
 * The fields that several tools share: ids going in, the error coming out.
 *
 * Used by the tools beside it. In the input fields, every message is what is wanted; `invalid_input.ts`
 * puts it behind what was got. Lengths are those of the API reference, tables 1 and 3. It never holds a
 * field that only one tool has.
 */
import * as z from "zod";

const ID = '32 to 64 letters, digits, "-" or "_"';
const GROUP_ID = 'the id of a security group, 1 to 64 letters, digits, "-" or "_" (not its name)';

const id = () => z.string(ID).regex(/^[A-Za-z0-9_-]{32,64}$/, ID);

export const instanceId = id().describe("Id of the instance");

export const projectId = id().optional().describe("Default: the configured project, else the region's own");

/** From `min` to 20 ids of security groups, each once. */
export function securityGroupIds(min = 1) {
  const wanted = `an array of ${min} to 20 security group ids without duplicates`;
  return z
    .array(z.string(GROUP_ID).regex(/^[A-Za-z0-9_-]{1,64}$/, GROUP_ID), wanted)
    .min(min, wanted)
    .max(20, wanted)
    .refine((ids) => new Set(ids).size === ids.length, wanted)
    .meta({ uniqueItems: true });
}

/** What a change is asked to do; the preview takes the same. */
export const changeInput = {
  instance_id: instanceId,
  security_group_ids: securityGroupIds().describe("Ids of the security groups it shall have, usually one"),
  project_id: projectId,
};

/** How every tool reports a failure. Cloud text stands under the cloud's own names. */
export const errorSchema = z.object({
  kind: z.string(),
  message: z.string(),
  /** What to do next. */
  hint: z.string(),
  /** The same call again may succeed and is safe. */
  retryable: z.boolean(),
  error_code: z.string().optional(),
  error_msg: z.string().optional(),
  /** Objects with `error_code` and `error_msg`; the shape is left out of what is listed to save its bytes. */
  details: z.array(z.looseObject({})).optional(),
  encoded_authorization_message: z.string().optional(),
});
