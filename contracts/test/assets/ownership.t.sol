// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {AssetsTest} from "./AssetsTest.sol";

interface IEip712 {
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
}

contract OwnershipTest is AssetsTest {
    event MetadataUpdate(uint256 _tokenId);

    uint256 internal asset;

    function setUp() public override {
        super.setUp();
        asset = publishFrom(ada, list(), 250);
    }

    function expectNotOwner(address caller) internal {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotOwner.selector, caller, asset));
        vm.prank(caller);
    }

    function expectNotForSale() internal {
        expectRefusal(IAssetRegistry.AssetRegistry_NotForSale.selector, asset);
    }

    /* retire */

    function test_RetiresForEver() public {
        assertTrue(!registry.isRetired(asset), "not yet");
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.AssetRetired(asset);
        vm.expectEmit(true, true, true, true, address(registry));
        emit MetadataUpdate(asset);
        vm.prank(ada);
        registry.retire(asset);
        assertTrue(registry.isRetired(asset), "retired");
        expectNotForSale();
        registry.versionForBuyer(asset);
        uint256 second = renew(ada, asset, publication(list(), 0, 0, 0));
        assertEq(registry.currentVersion(asset), second, "holders of passes still get later versions");
        expectNotForSale();
        registry.versionForBuyer(asset);
        expectNotForSale();
        vm.prank(ada);
        market.listOffer(asset, 0, offersAt(1)[0]);
    }

    function test_RevertWhen_StrangersRetire() public {
        expectNotOwner(boole);
        registry.retire(asset);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, 99);
        registry.retire(99);
        // Whom the owner lets move the token is no owner.
        vm.prank(ada);
        asset721().approve(boole, asset);
        expectNotOwner(boole);
        registry.retire(asset);
    }

    /* erase */

    function test_ErasesTheFirstVersion() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.VersionErased(asset, asset);
        vm.prank(ada);
        registry.erase(asset);
        assertTrue(registry.isErased(asset), "erased");
        expectNotForSale();
        registry.versionForBuyer(asset);
        assertEq(registry.currentVersion(asset), asset, "a tombstone stays");
        uint256 second = renew(ada, asset, publication(list(), 0, 0, 0));
        assertEq(registry.versionForBuyer(asset), second, "for sale again");
        assertTrue(registry.isErased(asset) && !registry.isErased(second), "the first alone");
    }

    function test_ErasesLaterVersions() public {
        uint256 second = renew(ada, asset, publication(list(), 0, 0, 0));
        uint256 third = renew(ada, asset, publication(list(), 0, 0, 0));
        vm.prank(ada);
        registry.erase(second);
        assertEq(registry.versionForBuyer(asset), third, "an older one does not matter");
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.VersionErased(third, asset);
        vm.prank(ada);
        registry.erase(third);
        expectNotForSale();
        registry.versionForBuyer(asset);
        assertTrue(registry.isErased(second) && registry.isErased(third) && !registry.isErased(asset), "two");
        uint256 fourth = renew(ada, asset, publication(list(), 0, 0, 0));
        assertEq(registry.versionForBuyer(asset), fourth, "for sale again");
        vm.prank(ada);
        registry.erase(asset);
        assertEq(registry.versionForBuyer(asset), fourth, "still");
    }

    function test_AnErasedVersionKeepsWhatItOwes() public {
        uint256 child = publishAs(boole, IAssetRegistry.Kind.Model, publication(list(asset), 70, WEIGHTED_ROOT, 300));
        uint256 second = renew(boole, child, publication(list(), 70, WEIGHTED_ROOT, 300));
        bytes memory before = stateOf(child, second);
        vm.prank(boole);
        registry.erase(child);
        vm.prank(boole);
        registry.erase(second);
        assertTrue(keccak256(stateOf(child, second)) == keccak256(before), "state");
    }

    function test_RevertWhen_StrangersErase() public {
        uint256 second = renew(ada, asset, publication(list(), 0, 0, 0));
        expectNotOwner(boole);
        registry.erase(asset);
        expectNotOwner(boole);
        registry.erase(second);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, 99);
        registry.erase(99);
    }

    /* setTillVersion */

    function setTill(uint256 version) internal {
        vm.prank(ada);
        registry.setTillVersion(asset, version);
    }

    function test_TakesEffectAfterSevenDays() public {
        uint256 second = renew(ada, asset, publication(list(), 0, 0, 0));
        uint256 effectiveAt = block.timestamp + 7 days;
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.TillVersionSet(asset, asset, effectiveAt);
        setTill(asset);
        assertEq(registry.versionForSweep(asset), second, "not yet");
        vm.warp(effectiveAt - 1);
        assertEq(registry.versionForSweep(asset), second, "still not");
        vm.warp(effectiveAt);
        assertEq(registry.versionForSweep(asset), asset, "now");

        // Another choice leaves the one before in place until its own seven days are over.
        uint256 third = renew(ada, asset, publication(list(), 0, 0, 0));
        setTill(second);
        assertEq(registry.versionForSweep(asset), asset, "the choice before");
        // A choice that never took effect is forgotten.
        setTill(third);
        vm.warp(block.timestamp + 7 days - 1);
        assertEq(registry.versionForSweep(asset), asset, "still the choice before");
        vm.warp(block.timestamp + 1);
        assertEq(registry.versionForSweep(asset), third, "the last choice");

        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.TillVersionSet(asset, 0, block.timestamp);
        setTill(0);
        uint256 fourth = renew(ada, asset, publication(list(), 0, 0, 0));
        assertEq(registry.versionForSweep(asset), fourth, "the current one at once");
        setTill(asset);
        assertEq(registry.versionForSweep(asset), fourth, "the choice before was the current one");
    }

    function test_RevertWhen_TheTillsVersionIsNotTheAssets() public {
        uint256 other = publishFrom(ada, list(), 0);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, other);
        setTill(other);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, 99);
        setTill(99);
        expectNotOwner(boole);
        registry.setTillVersion(asset, asset);
    }

    function assertTill(uint256 version, string memory what) internal view {
        assertEq(registry.versionForSweep(asset), version, what);
    }

    function test_PassesOverAVersionThatOwesLess() public {
        setTill(asset);
        vm.warp(block.timestamp + 7 days);
        uint256 parent = publishFrom(boole, list(), 10);
        uint256 second = renew(ada, asset, publication(list(parent), 0, 0, 0));
        assertTill(second, "the first owes nothing");
        setTill(second);
        vm.warp(block.timestamp + 7 days);
        uint256 third = renew(ada, asset, publication(list(), 0, 0, 0));
        assertTill(second, "the same is owed");
        uint256 fourth = renew(ada, asset, publication(list(), 0, WEIGHTED_ROOT, 1));
        assertTill(fourth, "contributors have less");
        setTill(fourth);
        vm.warp(block.timestamp + 7 days);
        renew(ada, asset, publication(list(), 0, WEIGHTED_ROOT, 1));
        assertTill(fourth, "contributors have the same");
        assertTrue(third != fourth, "four versions");
    }

    function test_PassesOverAVersionWithALowerFee() public {
        vm.prank(governor);
        registry.setFee(99);
        uint256 second = renew(ada, asset, publication(list(), 0, 0, 0));
        setTill(second);
        vm.warp(block.timestamp + 7 days);
        vm.prank(governor);
        registry.setFee(100);
        assertTill(second, "current itself");
        assertTill(second, "no later one");
        uint256 third = renew(ada, asset, publication(list(), 0, 0, 0));
        assertTill(third, "the treasury would have less");
        setTill(asset);
        vm.warp(block.timestamp + 7 days);
        assertTill(asset, "the same fee");
    }

    /// @dev The same sum for somebody else: a version that owes an accomplice must not stand in for one that owes others.
    function test_PassesOverAVersionThatOwesOthersThanTheCurrent() public {
        uint256 accomplice = publishFrom(ada, list(), 500);
        uint256 creditor = publishFrom(boole, list(), 500);
        uint256 second = renew(ada, asset, publication(list(accomplice), 0, 0, 0));
        setTill(second);
        vm.warp(block.timestamp + 7 days);
        assertTill(second, "it is the current one");
        vm.prank(ada);
        registry.releaseEdge(asset, accomplice);
        uint256 third = renew(ada, asset, publication(list(creditor), 0, 0, 0));
        assertEq(ratesOf(third).owedBps, ratesOf(second).owedBps, "the same sum");
        assertTill(third, "for another");
        vm.prank(boole);
        registry.releaseEdge(asset, creditor);
        renew(ada, asset, publication(list(), 0, 0, 0));
        assertTill(second, "nobody else is owed any more");
    }

    function test_PassesOverAVersionThatOwesOtherSuppliers() public {
        uint256 accomplice = publishServed(ada, 0, 500);
        uint256 supplier = publishServed(boole, 0, 400);
        asset = publishService(ada, list(accomplice), 0, 0);
        setTill(asset);
        vm.warp(block.timestamp + 7 days);
        uint256 second = renew(ada, asset, service(list(supplier)));
        assertTill(second, "another supplier");
        uint256 third = renew(ada, asset, service(list(accomplice, supplier)));
        assertTill(third, "one more supplier");
        setTill(third);
        vm.warp(block.timestamp + 7 days);
        renew(ada, asset, service(list(supplier)));
        assertTill(third, "it owes that one, and one more");
    }

    /* setSoldExclusively */

    function test_SoldExclusivelyEndsSales() public {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotMarket.selector, ada));
        vm.prank(ada);
        registry.setSoldExclusively(asset);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.AssetSoldExclusively(asset);
        vm.prank(address(market));
        registry.setSoldExclusively(asset);
        assertTrue(registry.isSoldExclusively(asset) && !registry.isRetired(asset), "sold");
        expectNotForSale();
        registry.versionForBuyer(asset);
        uint256 second = renew(ada, asset, publication(list(), 0, 0, 0));
        assertEq(registry.currentVersion(asset), second, "later versions");
        expectNotForSale();
        registry.versionForBuyer(asset);
        publishFrom(boole, list(second), 0);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, 99);
        vm.prank(address(market));
        registry.setSoldExclusively(99);
    }

    /* setFee */

    function test_RevertWhen_TheFeeIsSetByOthersOrAboveItsCap() public {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotGovernor.selector, proposer));
        vm.prank(proposer);
        registry.setFee(0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_FeeTooHigh.selector, 501, 500));
        vm.prank(governor);
        registry.setFee(501);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.FeeSet(500);
        vm.prank(governor);
        registry.setFee(500);
        assertEq(registry.feeBps(), 500, "fee");
        assertEq(registry.versionCount(), 1, "count");
    }

    /* transferFrom */

    function stateOf(uint256 first, uint256 version) internal view returns (bytes memory) {
        (uint256 feeBps, IAssetRegistry.Edge[] memory royalties, IAssetRegistry.Edge[] memory supplies) =
            registry.edgesOf(version);
        return abi.encode(
            ratesOf(first),
            ratesOf(version),
            registry.kindOf(first),
            registry.termsOf(first),
            registry.termsOf(version),
            registry.currentVersion(first),
            registry.commitmentOf(version),
            registry.isFreeOnly(version),
            feeBps,
            royalties,
            supplies
        );
    }

    function marksOf(uint256 first) internal view returns (bytes memory) {
        return abi.encode(
            registry.isRetired(first),
            registry.isSoldExclusively(first),
            registry.isErased(first),
            registry.versionForSweep(first)
        );
    }

    function testFuzz_ATransferKeepsEverything(uint256 seed) public {
        uint256 parent = publishOn(relayer, uint16(bound(seed, 0, 5_000)), 0, uint8(DERIVATIVES | seed & 12));
        IAssetRegistry.Publication memory stated = publication(list(parent), 0, WEIGHTED_ROOT, 0);
        stated.terms = IAssetRegistry.Terms({
            royaltyBps: uint16(bound(seed >> 16, 0, 5_000)),
            serveBps: uint16(bound(seed >> 32, 0, 9_000)),
            flags: uint8(bound(seed >> 48, 0, 15))
        });
        stated.contributors.bps = uint16(bound(seed >> 64, 0, 10_000));
        uint256 first = publishAs(boole, IAssetRegistry.Kind(bound(seed >> 80, 1, 9)), stated);
        uint256 version = first;
        if (seed >> 96 & 1 != 0) version = renew(boole, first, stated);
        vm.startPrank(boole);
        if (seed >> 97 & 1 != 0) registry.retire(first);
        if (seed >> 98 & 1 != 0) registry.erase(first);
        if (seed >> 99 & 1 != 0) registry.setTillVersion(first, first);
        vm.stopPrank();
        vm.warp(block.timestamp + 7 days);
        bytes memory before = abi.encode(stateOf(first, version), marksOf(first));
        vm.prank(boole);
        asset721().transferFrom(boole, relayer, first);
        assertTrue(keccak256(abi.encode(stateOf(first, version), marksOf(first))) == keccak256(before), "state");
        assertEq(asset721().ownerOf(first), relayer, "owner");
        (address owner,) = registry.ratesOf(version);
        assertEq(owner, relayer, "owner by rates");
    }

    /* standards */

    function test_SpeaksErc721() public {
        assertTrue(asset721().supportsInterface(0x80ac58cd), "ERC-721");
        assertTrue(asset721().supportsInterface(0x5b5e139f), "its metadata");
        assertTrue(asset721().supportsInterface(0x01ffc9a7), "ERC-165");
        assertTrue(asset721().supportsInterface(0x2a55205a), "ERC-2981");
        assertTrue(asset721().supportsInterface(0x49064906), "ERC-4906");
        assertTrue(!asset721().supportsInterface(0xffffffff), "nothing else");
        assertTrue(keccak256(bytes(asset721().name())) == keccak256("Agorai Assets"), "name");
        assertTrue(keccak256(bytes(asset721().symbol())) == keccak256("AGORAI"), "symbol");
        assertUri('{"name":"Agorai asset 1","version":1,"retired":false}');
        renew(ada, asset, publication(list(), 0, 0, 0));
        vm.prank(ada);
        registry.retire(asset);
        assertUri('{"name":"Agorai asset 1","version":2,"retired":true}');
        expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, 2);
        asset721().tokenURI(2);
    }

    function assertUri(string memory json) internal view {
        string memory uri = string.concat("data:application/json,", json);
        assertTrue(keccak256(bytes(asset721().tokenURI(asset))) == keccak256(bytes(uri)), json);
    }

    function test_AnswersRoyaltiesWithTheTill() public {
        (address till, uint256 amount) = registry.royaltyInfo(asset, 1_000_039);
        assertEq(till, ledger.tillOf(asset), "till");
        assertEq(amount, 25_000, "rounded down");
        renew(ada, asset, publication(list(), 5_000, 0, 0));
        (till, amount) = registry.royaltyInfo(asset, type(uint256).max);
        assertEq(till, ledger.tillOf(asset), "the same till");
        assertEq(amount, type(uint256).max / 2, "the current version's rate, of any price");
        expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, 2);
        registry.royaltyInfo(2, 1);
    }

    function test_TellsItsDomain() public view {
        (bytes1 fields, string memory name, string memory version, uint256 chainId, address self,,) =
            IEip712(address(registry)).eip712Domain();
        assertEq(uint8(fields), 0x0f, "fields");
        assertTrue(keccak256(bytes(name)) == keccak256("Agorai"), "name");
        assertTrue(keccak256(bytes(version)) == keccak256("1"), "version");
        assertEq(chainId, block.chainid, "chain");
        assertEq(self, address(registry), "registry");
    }
}
