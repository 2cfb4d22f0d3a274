/** What to do with a superseded key that was used since the promotion, when its overlap has ended. */
export enum InUse {
  /** Keep it active until it is no longer used, and report it. */
  WAIT = 'wait',
  /** Deactivate it regardless. */
  DEACTIVATE = 'deactivate',
}

/** What to do with a key that is in no version of the secret and fills the limit of two keys. */
export enum UnknownKeys {
  /** Fail the rotation and report the key. */
  REFUSE = 'refuse',
  /** Delete it if it is inactive; otherwise as REFUSE. */
  DELETE_INACTIVE = 'delete-inactive',
  /** Delete the older of the two keys, active or not. */
  DELETE_OLDEST = 'delete-oldest',
}

/** What the sweep may do. Its role has the permissions of the mode, and no others. */
export enum SweepMode {
  /** Report, and change no user, key or secret. */
  AUDIT = 'audit',
  /** Also deactivate, and later delete, the keys that rotations superseded. */
  RETIRE = 'retire',
  /** Also rotate due keys and enroll users. */
  ENFORCE = 'enforce',
}

/** What the sweep does about a key that AWS reports as exposed. */
export enum ExposedResponse {
  /** Report it, with the commands to deactivate it. */
  ALERT = 'alert',
  /** Have a successor made, then deactivate the exposed key without an overlap. Without a successor it stays active. */
  ROTATE = 'rotate',
  /** As ROTATE, but deactivate the exposed key even if no successor can be made, which cuts its consumers off. */
  REVOKE = 'revoke',
}

/** Where secrets of other accounts' users are stored. */
export enum SecretsIn {
  /** Beside the rotation function. */
  CENTRAL = 'central',
  /** In the account of their user. Experimental. */
  MEMBER = 'member',
}

/** Lowest level of the log lines that are written. */
export enum FunctionLogLevel {
  DEBUG = 'DEBUG',
  INFO = 'INFO',
}
