"""The part of GitHub's GraphQL schema that the bot may use, in GitHub's own words."""

from functools import cache

from graphql import GraphQLSchema, build_schema

_SDL = """
scalar Base64String
scalar BigInt
scalar DateTime
scalar GitObjectID
scalar URI

interface Node { id: ID! }
interface Actor { login: String! url: URI! }
interface GitObject { oid: GitObjectID! id: ID! }

type Bot implements Actor & Node { id: ID! login: String! url: URI! databaseId: Int }
type User implements Actor & Node { id: ID! login: String! url: URI! databaseId: Int }
type PageInfo {
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
  endCursor: String
}
type RateLimit {
  limit: Int!
  cost: Int!
  remaining: Int!
  used: Int!
  resetAt: DateTime!
  nodeCount: Int!
}

type Query {
  viewer: User!
  rateLimit(dryRun: Boolean = false): RateLimit
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
}

type Repository implements Node {
  id: ID!
  databaseId: Int
  name: String!
  nameWithOwner: String!
  isPrivate: Boolean!
  pullRequest(number: Int!): PullRequest
  pullRequests(
    after: String, before: String, first: Int, last: Int, orderBy: IssueOrder
    states: [PullRequestState!]
  ): PullRequestConnection!
  ref(qualifiedName: String!): Ref
  object(oid: GitObjectID, expression: String): GitObject
}

type Ref implements Node { id: ID! name: String! prefix: String! target: GitObject }
type GitSignature { isValid: Boolean! wasSignedByGitHub: Boolean! }
type Commit implements GitObject & Node {
  id: ID!
  oid: GitObjectID!
  url: URI!
  message: String!
  messageHeadline: String!
  messageBody: String!
  signature: GitSignature
  parents(first: Int, after: String, last: Int, before: String): CommitConnection!
  checkSuites(
    first: Int, after: String, last: Int, before: String, filterBy: CheckSuiteFilter
  ): CheckSuiteConnection
}
type CommitConnection { nodes: [Commit] totalCount: Int! pageInfo: PageInfo! }

enum CheckStatusState { COMPLETED IN_PROGRESS PENDING QUEUED REQUESTED WAITING }
enum CheckConclusionState {
  ACTION_REQUIRED CANCELLED FAILURE NEUTRAL SKIPPED STALE STARTUP_FAILURE SUCCESS TIMED_OUT
}
enum CheckRunType { ALL LATEST }
input CheckSuiteFilter { appId: Int checkName: String }
input CheckRunFilter {
  appId: Int
  checkConclusions: [CheckConclusionState!]
  checkName: String
  checkType: CheckRunType
  status: CheckStatusState
  statuses: [CheckStatusState!]
}
type CheckSuiteConnection { nodes: [CheckSuite] totalCount: Int! pageInfo: PageInfo! }
type CheckSuite implements Node {
  id: ID!
  databaseId: Int
  status: CheckStatusState!
  conclusion: CheckConclusionState
  checkRuns(
    first: Int, after: String, last: Int, before: String, filterBy: CheckRunFilter
  ): CheckRunConnection
}
type CheckRunConnection { nodes: [CheckRun] totalCount: Int! pageInfo: PageInfo! }
type CheckRun implements Node {
  id: ID!
  databaseId: Int
  externalId: String
  name: String!
  status: CheckStatusState!
  conclusion: CheckConclusionState
  title: String
  summary: String
}

enum OrderDirection { ASC DESC }
enum IssueOrderField { COMMENTS CREATED_AT UPDATED_AT }
input IssueOrder { direction: OrderDirection! field: IssueOrderField! }
type PullRequestConnection { nodes: [PullRequest] totalCount: Int! pageInfo: PageInfo! }
type PullRequestCommit implements Node { id: ID! commit: Commit! pullRequest: PullRequest! }
type PullRequestCommitConnection {
  nodes: [PullRequestCommit]
  totalCount: Int!
  pageInfo: PageInfo!
}
type Label implements Node { id: ID! name: String! color: String! description: String }
type LabelConnection { nodes: [Label] totalCount: Int! pageInfo: PageInfo! }

enum PullRequestTimelineItemsItemType { REVIEW_DISMISSED_EVENT }
enum PullRequestReviewState { APPROVED CHANGES_REQUESTED COMMENTED DISMISSED PENDING }
union PullRequestTimelineItems = ReviewDismissedEvent
type PullRequestTimelineItemsConnection {
  nodes: [PullRequestTimelineItems]
  totalCount: Int!
  pageInfo: PageInfo!
}
type ReviewDismissedEvent implements Node {
  id: ID!
  databaseId: Int
  actor: Actor
  createdAt: DateTime!
  dismissalMessage: String
  previousReviewState: PullRequestReviewState!
  pullRequest: PullRequest!
  review: PullRequestReview
}

enum PullRequestState { OPEN CLOSED MERGED }
type PullRequest implements Node {
  id: ID!
  databaseId: Int
  fullDatabaseId: BigInt
  number: Int!
  title: String!
  state: PullRequestState!
  isDraft: Boolean!
  locked: Boolean!
  closed: Boolean!
  merged: Boolean!
  author: Actor
  viewerDidAuthor: Boolean!
  headRefName: String!
  headRefOid: GitObjectID!
  baseRefName: String!
  baseRefOid: GitObjectID!
  isCrossRepository: Boolean!
  headRepository: Repository
  createdAt: DateTime!
  updatedAt: DateTime!
  closedAt: DateTime
  mergedAt: DateTime
  mergeCommit: Commit
  baseRef: Ref
  timelineItems(
    after: String, before: String, first: Int, last: Int, since: DateTime, skip: Int
    itemTypes: [PullRequestTimelineItemsItemType!]
  ): PullRequestTimelineItemsConnection!
  labels(first: Int, after: String, last: Int, before: String): LabelConnection
  commits(first: Int, after: String, last: Int, before: String): PullRequestCommitConnection!
  reviewThreads(
    first: Int, after: String, last: Int, before: String
  ): PullRequestReviewThreadConnection!
  comments(first: Int, after: String, last: Int, before: String): IssueCommentConnection!
}

enum DiffSide { LEFT RIGHT }
enum PullRequestReviewThreadSubjectType { LINE FILE }
type PullRequestReviewThreadConnection {
  nodes: [PullRequestReviewThread]
  totalCount: Int!
  pageInfo: PageInfo!
}
type PullRequestReviewThread implements Node {
  id: ID!
  isResolved: Boolean!
  isOutdated: Boolean!
  isCollapsed: Boolean!
  path: String!
  line: Int
  originalLine: Int
  startLine: Int
  originalStartLine: Int
  diffSide: DiffSide!
  startDiffSide: DiffSide
  subjectType: PullRequestReviewThreadSubjectType!
  resolvedBy: User
  viewerCanResolve: Boolean!
  viewerCanUnresolve: Boolean!
  viewerCanReply: Boolean!
  pullRequest: PullRequest!
  comments(
    first: Int, after: String, last: Int, before: String
  ): PullRequestReviewCommentConnection!
}
type PullRequestReviewCommentConnection {
  nodes: [PullRequestReviewComment]
  totalCount: Int!
  pageInfo: PageInfo!
}
type PullRequestReview implements Node {
  id: ID!
  databaseId: Int
  fullDatabaseId: BigInt
  body: String!
  url: URI!
}

interface Minimizable { isMinimized: Boolean! minimizedReason: String }
type PullRequestReviewComment implements Node & Minimizable {
  id: ID!
  databaseId: Int
  fullDatabaseId: BigInt
  author: Actor
  viewerDidAuthor: Boolean!
  body: String!
  url: URI!
  path: String!
  createdAt: DateTime!
  outdated: Boolean!
  isMinimized: Boolean!
  minimizedReason: String
  pullRequestReview: PullRequestReview
}
type IssueCommentConnection { nodes: [IssueComment] totalCount: Int! pageInfo: PageInfo! }
type IssueComment implements Node & Minimizable {
  id: ID!
  databaseId: Int
  fullDatabaseId: BigInt
  author: Actor
  viewerDidAuthor: Boolean!
  body: String!
  url: URI!
  createdAt: DateTime!
  isMinimized: Boolean!
  minimizedReason: String
}

type Mutation {
  createCommitOnBranch(input: CreateCommitOnBranchInput!): CreateCommitOnBranchPayload
  resolveReviewThread(input: ResolveReviewThreadInput!): ResolveReviewThreadPayload
  unresolveReviewThread(input: UnresolveReviewThreadInput!): UnresolveReviewThreadPayload
  minimizeComment(input: MinimizeCommentInput!): MinimizeCommentPayload
}

input CommittableBranch { id: ID repositoryNameWithOwner: String branchName: String }
input FileAddition { path: String! contents: Base64String! }
input FileDeletion { path: String! }
input FileChanges { additions: [FileAddition!] = [] deletions: [FileDeletion!] = [] }
input CommitMessage { headline: String! body: String }
input CreateCommitOnBranchInput {
  clientMutationId: String
  branch: CommittableBranch!
  fileChanges: FileChanges
  message: CommitMessage!
  expectedHeadOid: GitObjectID!
}
type CreateCommitOnBranchPayload { clientMutationId: String commit: Commit ref: Ref }

input ResolveReviewThreadInput { clientMutationId: String threadId: ID! }
input UnresolveReviewThreadInput { clientMutationId: String threadId: ID! }
type ResolveReviewThreadPayload { clientMutationId: String thread: PullRequestReviewThread }
type UnresolveReviewThreadPayload { clientMutationId: String thread: PullRequestReviewThread }

enum ReportedContentClassifiers { SPAM ABUSE OFF_TOPIC OUTDATED DUPLICATE RESOLVED LOW_QUALITY }
input MinimizeCommentInput {
  clientMutationId: String
  subjectId: ID!
  classifier: ReportedContentClassifiers!
}
type MinimizeCommentPayload { clientMutationId: String minimizedComment: Minimizable }
"""


@cache
def schema() -> GraphQLSchema:
    """Return the schema, built once."""
    return build_schema(_SDL)
