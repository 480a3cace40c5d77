// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title OneEdgeLedger
/// @notice The money of one version in one token: its sales, one edge (to an ancestor, a supplier, or the treasury), and
/// its owner. What is asserted is proved by `scripts/prove.mjs` for every sequence of calls, of any length, with any
/// amounts and any rate.
/// @dev An excerpt of RevenueLedger; README.md says which line is which, and how the proof goes. Where the contract keeps a
/// total T and takes ⌊T · rate / 10,000⌋, the model keeps the product T · rate and takes ⌊product / 10,000⌋, the same
/// number.
contract OneEdgeLedger {
    uint256 internal constant BPS = 10_000;

    /* All that ever came in, which is the version's S, and all that went out; the ledger's balance is the difference. */
    uint256 internal received;
    uint256 internal paidOut;

    /* S · ρ, D · ρ, and S · (10,000 − ρ). */
    uint256 internal edgeProduct;
    uint256 internal pulledProduct;
    uint256 internal ownerProduct;

    uint256 internal ancestorCredited;
    uint256 internal ancestorCollected;
    uint256 internal ownerCollected;

    constructor() {
        _assertKept();
    }

    /// @dev What holds after every call may be used by the next.
    modifier keeps() {
        require(edgeProduct + ownerProduct == received * BPS && pulledProduct <= edgeProduct);
        require(ancestorCredited * BPS <= pulledProduct && pulledProduct < ancestorCredited * BPS + BPS);
        require(ancestorCollected <= ancestorCredited && ownerCollected * BPS <= ownerProduct);
        require(paidOut == ancestorCollected + ownerCollected);
        _;
        _assertKept();
    }

    function _assertKept() internal view {
        assert(edgeProduct + ownerProduct == received * BPS);
        assert(pulledProduct <= edgeProduct);
        // Whatever was pulled and when, the edge has moved ⌊D · ρ⌋.
        assert(ancestorCredited * BPS <= pulledProduct);
        assert(pulledProduct < ancestorCredited * BPS + BPS);
        // What is collectable is never negative.
        assert(ancestorCollected <= ancestorCredited);
        assert(ownerCollected * BPS <= ownerProduct);
        assert(paidOut == ancestorCollected + ownerCollected);
    }

    function _share(uint256 product) internal pure returns (uint256) {
        return product / BPS;
    }

    /// @dev A payment of `amount` adds amount · ρ and amount · (10,000 − ρ). All that is used of the two is that they add
    /// up to amount · 10,000, so what is proved holds for every frozen rate.
    function pay(uint256 amount, uint256 edge, uint256 owner) external keeps {
        require(edge + owner == amount * BPS);
        received += amount;
        edgeProduct += edge;
        ownerProduct += owner;
    }

    /// @param othersMoved Whether anything moved along other edges, of which a version may have many.
    function pull(bool othersMoved) external keeps {
        uint256 amount = _share(edgeProduct) - _share(pulledProduct);
        bool moved = othersMoved || amount != 0;
        ancestorCredited += amount;
        if (moved) pulledProduct = edgeProduct;
    }

    function collectAncestor() external keeps {
        uint256 amount = ancestorCredited - ancestorCollected;
        ancestorCollected += amount;
        paidOut += amount;
    }

    function collectOwner() external keeps {
        uint256 amount = _share(ownerProduct) - ownerCollected;
        ownerCollected += amount;
        paidOut += amount;
    }

    function check() external keeps {
        // Nobody was paid more than the exact share.
        assert(ancestorCollected * BPS <= edgeProduct);
        assert(ownerCollected <= _share(ownerProduct));
        // Collected + collectable + dust == received, with 0 <= dust <= 1.
        uint256 entitled = _share(ownerProduct) + _share(edgeProduct);
        assert(entitled <= received);
        assert(received - entitled <= 1);
        // So the ledger always holds what it has to pay.
        assert(paidOut <= entitled);
    }
}
