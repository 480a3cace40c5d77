// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title ContributorPool
/// @notice How the residue of a version is split between its owner and two contributors, with two and one of three
/// weights. What is asserted is proved by `scripts/prove.mjs` for every sequence of calls.
/// @dev Goes on where OneEdgeLedger ends: whatever grows the residue E, a sale or a royalty, E · (10,000 − c) and E · c
/// grow by two products that add up to its growth · 10,000.
contract ContributorPool {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant WEIGHTS = 3;
    uint256 internal constant FIRST = 2;
    uint256 internal constant SECOND = 1;

    uint256 internal residue;
    uint256 internal paidOut;
    uint256 internal ownerProduct;
    uint256 internal poolProduct;
    uint256 internal ownerCollected;
    uint256 internal firstCollected;
    uint256 internal secondCollected;

    constructor() {
        _assertKept();
    }

    /// @dev What holds after every call may be used by the next.
    modifier keeps() {
        require(ownerProduct + poolProduct == residue * BPS && ownerCollected * BPS <= ownerProduct);
        require(firstCollected * WEIGHTS <= _share(poolProduct) * FIRST);
        require(secondCollected * WEIGHTS <= _share(poolProduct) * SECOND);
        require(paidOut == ownerCollected + firstCollected + secondCollected);
        _;
        _assertKept();
    }

    function _assertKept() internal view {
        assert(ownerProduct + poolProduct == residue * BPS);
        // What is collectable is never negative.
        assert(ownerCollected * BPS <= ownerProduct);
        assert(firstCollected * WEIGHTS <= _share(poolProduct) * FIRST);
        assert(secondCollected * WEIGHTS <= _share(poolProduct) * SECOND);
        assert(paidOut == ownerCollected + firstCollected + secondCollected);
    }

    function _share(uint256 product) internal pure returns (uint256) {
        return product / BPS;
    }

    function _part(uint256 weight) internal view returns (uint256) {
        return _share(poolProduct) * weight / WEIGHTS;
    }

    function earn(uint256 amount, uint256 owner, uint256 pool) external keeps {
        require(owner + pool == amount * BPS);
        residue += amount;
        ownerProduct += owner;
        poolProduct += pool;
    }

    function collectOwner() external keeps {
        uint256 amount = _share(ownerProduct) - ownerCollected;
        ownerCollected += amount;
        paidOut += amount;
    }

    function collectFirst() external keeps {
        uint256 amount = _part(FIRST) - firstCollected;
        firstCollected += amount;
        paidOut += amount;
    }

    function collectSecond() external keeps {
        uint256 amount = _part(SECOND) - secondCollected;
        secondCollected += amount;
        paidOut += amount;
    }

    function check() external keeps {
        // Nobody was paid more than the exact share, E · c · weight / weights.
        assert(firstCollected * WEIGHTS * BPS <= poolProduct * FIRST);
        assert(secondCollected * WEIGHTS * BPS <= poolProduct * SECOND);
        assert(ownerCollected <= _share(ownerProduct));
        // Collected + collectable + dust == earned, with 0 <= dust <= 2.
        uint256 entitled = _share(ownerProduct) + _part(FIRST) + _part(SECOND);
        assert(entitled <= residue);
        assert(residue - entitled <= 2);
        // So what was earned always covers what is paid.
        assert(paidOut <= entitled);
    }
}
