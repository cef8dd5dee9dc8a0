// The one place that sees LEMON's templates: a complete bipartite graph and its minimum-cost flow.
#include "CLEMON.h"

// LEMON 1.3 names members of std::allocator that C++20 removed: C++17 has them.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <lemon/bits/graph_extender.h>
#include <lemon/core.h>
#include <lemon/network_simplex.h>
#pragma GCC diagnostic pop

#include <new>

namespace {

// Nodes 0 … n−1 on the left, n … 2n−1 on the right; arc i·n + j leads from left i to right j. Nothing is stored.
class BipartiteBase {
 public:
  class Node {
    friend class BipartiteBase;
    int id_;
    explicit Node(int id) : id_(id) {}

   public:
    Node() {}
    Node(lemon::Invalid) : id_(-1) {}
    bool operator==(Node other) const { return id_ == other.id_; }
    bool operator!=(Node other) const { return id_ != other.id_; }
    bool operator<(Node other) const { return id_ < other.id_; }
  };

  class Arc {
    friend class BipartiteBase;
    int id_;
    explicit Arc(int id) : id_(id) {}

   public:
    Arc() {}
    Arc(lemon::Invalid) : id_(-1) {}
    bool operator==(Arc other) const { return id_ == other.id_; }
    bool operator!=(Arc other) const { return id_ != other.id_; }
    bool operator<(Arc other) const { return id_ < other.id_; }
  };

  typedef lemon::True NodeNumTag;
  typedef lemon::True ArcNumTag;

  int nodeNum() const { return 2 * count_; }
  int arcNum() const { return count_ * count_; }
  int maxNodeId() const { return nodeNum() - 1; }
  int maxArcId() const { return arcNum() - 1; }

  static int id(Node node) { return node.id_; }
  static int id(Arc arc) { return arc.id_; }
  static Node nodeFromId(int id) { return Node(id); }
  static Arc arcFromId(int id) { return Arc(id); }

  Node source(Arc arc) const { return Node(arc.id_ / count_); }
  Node target(Arc arc) const { return Node(count_ + arc.id_ % count_); }

  void first(Node &node) const { node.id_ = nodeNum() - 1; }
  static void next(Node &node) { --node.id_; }
  void first(Arc &arc) const { arc.id_ = arcNum() - 1; }
  static void next(Arc &arc) { --arc.id_; }

  void firstOut(Arc &arc, const Node &node) const {
    arc.id_ = node.id_ < count_ ? (node.id_ + 1) * count_ - 1 : -1;
  }
  void nextOut(Arc &arc) const { arc.id_ = arc.id_ % count_ == 0 ? -1 : arc.id_ - 1; }
  void firstIn(Arc &arc, const Node &node) const {
    arc.id_ = node.id_ < count_ ? -1 : (count_ - 1) * count_ + node.id_ - count_;
  }
  void nextIn(Arc &arc) const { arc.id_ = arc.id_ < count_ ? -1 : arc.id_ - count_; }

 protected:
  void construct(int count) { count_ = count; }

 private:
  int count_ = 0;
};

class Bipartite : public lemon::DigraphExtender<BipartiteBase> {
 public:
  explicit Bipartite(int count) { construct(count); }
};

// Arc ids are positions in the matrix of costs.
struct CostMap {
  typedef Bipartite::Arc Key;
  typedef int64_t Value;
  const int64_t *costs;
  int64_t operator[](Key arc) const { return costs[Bipartite::id(arc)]; }
};

struct SupplyMap {
  typedef Bipartite::Node Key;
  typedef int Value;
  int count;
  int operator[](Key node) const { return Bipartite::id(node) < count ? 1 : -1; }
};

}  // namespace

int sgm_assignment(const int64_t *costs, int32_t count, int32_t *partner) {
  try {
    Bipartite graph(count);
    lemon::NetworkSimplex<Bipartite, int, int64_t> simplex(graph);
    simplex.costMap(CostMap{costs}).supplyMap(SupplyMap{count});
    if (simplex.run() != decltype(simplex)::OPTIMAL) return 2;
    for (int arc = 0; arc < count * count; ++arc) {
      if (simplex.flow(Bipartite::arcFromId(arc)) > 0) partner[arc / count] = arc % count;
    }
    return 0;
  } catch (const std::bad_alloc &) {
    return 1;
  }
}
